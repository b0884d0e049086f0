// The package x11's callbacks as promises, as far as main.ts needs them.
import { once } from "node:events";
import x11, { type Client, type Display, type PutOptions, type ServerSegment, type Shm } from "x11";

/** X11's ZPixmap: whole pixels, one after the other. */
const Z_PIXMAP = 2;

const EVERY_PLANE = 0xffffffff;

/** A client of a display. Rejects where there is none. */
export function connect(display: string, shm: object): Promise<Display> {
  return new Promise((resolve, reject) => {
    const client = x11.createClient({ display, shm }, (error, connected) =>
      error ? reject(error) : resolve(connected),
    );
    // What comes later: a request was refused, or the server is gone. Without a listener it would end the process.
    client.on("error", (error: Error) => reject(error));
  });
}

/** Rejects once the connection is lost, and never resolves. After that no answer comes, and no event. */
export function loss(client: Client): Promise<never> {
  const lost = new Promise<never>((_, reject) =>
    client.stream.on("close", () => reject(new Error("the X server closed the connection"))),
  );
  lost.catch(() => {}); // whoever races against it hears of it
  return lost;
}

/** MIT-SHM, and whether a segment of the provider's gets to the server. */
export async function sharedMemory(client: Client): Promise<{ shm: Shm; usable: boolean }> {
  const shm = await new Promise<Shm>((resolve, reject) =>
    client.require("shm", (error, extension) => (error ? reject(error) : resolve(extension))),
  );
  return { shm, usable: await new Promise((resolve) => shm.usable((_, usable) => resolve(usable))) };
}

export function createSegment(shm: Shm, size: number): Promise<ServerSegment> {
  return new Promise((resolve, reject) =>
    shm.createSegment(size, (error, segment) => (error ? reject(error) : resolve(segment))),
  );
}

/** Has the server read the segment; resolves once it has. */
export async function put(segment: ServerSegment, window: number, context: number, options: PutOptions): Promise<void> {
  const complete = once(segment, "complete");
  segment.putImage(window, context, { ...options, sendEvent: true });
  await complete;
}

/** Has the server write pixels of a drawable into the segment. */
export function get(segment: ServerSegment, drawable: number, width: number, height: number): Promise<void> {
  return new Promise((resolve, reject) =>
    segment.getImage(drawable, 0, 0, width, height, EVERY_PLANE, Z_PIXMAP, 0, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}
