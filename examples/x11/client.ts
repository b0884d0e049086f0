// The callbacks of the npm package x11 as promises, as far as main.ts needs them.
import { once } from "node:events";
import x11, { type Client, type Display, type PutOptions, type ServerSegment, type Shm } from "x11";

/** X11's ZPixmap: whole pixels, one after another. */
const Z_PIXMAP = 2;

const EVERY_PLANE = 0xffffffff;

/** Connects to a display. Rejects if there is none. */
export function connect(display: string, shm: object): Promise<Display> {
  return new Promise((resolve, reject) => {
    const client = x11.createClient({ display, shm }, (error, connected) =>
      error ? reject(error) : resolve(connected),
    );
    // A refused request, or the end of the server. Without a listener it would end the process.
    client.on("error", (error: Error) => reject(error));
  });
}

/** Rejects once the connection is lost, and never resolves. No answer and no event comes after that. */
export function loss(client: Client): Promise<never> {
  const lost = new Promise<never>((_, reject) =>
    client.stream.on("close", () => reject(new Error("the X server closed the connection"))),
  );
  lost.catch(() => {}); // the race below handles it
  return lost;
}

/** MIT-SHM, and whether the server can attach a segment of the provider. */
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

/** Makes the server read the segment; resolves when it has done so. */
export async function put(segment: ServerSegment, window: number, context: number, options: PutOptions): Promise<void> {
  const complete = once(segment, "complete");
  segment.putImage(window, context, { ...options, sendEvent: true });
  await complete;
}

/** Makes the server write pixels of a drawable into the segment. */
export function get(segment: ServerSegment, drawable: number, width: number, height: number): Promise<void> {
  return new Promise((resolve, reject) =>
    segment.getImage(drawable, 0, 0, width, height, EVERY_PLANE, Z_PIXMAP, 0, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}
