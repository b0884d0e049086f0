// The types of what the example, the tests and the bench use of the npm package x11, which has none itself (4.2.2).
declare module "x11" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export interface Screen {
    readonly root: number;
    readonly root_depth: number;
    readonly pixel_width: number;
    readonly pixel_height: number;
  }

  export interface Display {
    readonly client: Client;
    readonly screen: readonly [Screen, ...Screen[]];
    readonly format: Readonly<Record<number, { readonly bits_per_pixel: number }>>;
    /** 0: least significant byte first. */
    readonly image_byte_order: number;
    readonly isLocalSocket: boolean;
  }

  export type Answer<T = void> = (error: Error | null | undefined, value: T) => unknown;

  export interface Client extends EventEmitter {
    readonly stream: Socket;
    AllocID(): number;
    CreateWindow(
      id: number,
      parent: number,
      x: number,
      y: number,
      width: number,
      height: number,
      borderWidth?: number,
      depth?: number,
      windowClass?: number,
      visual?: number,
      values?: { eventMask?: number; backgroundPixel?: number },
    ): void;
    MapWindow(id: number): void;
    CreatePixmap(id: number, drawable: number, depth: number, width: number, height: number): void;
    FreePixmap(id: number): void;
    CreateGC(id: number, drawable: number): void;
    ChangeProperty(mode: number, id: number, name: number, type: number, units: number, data: string): void;
    PutImage(
      format: number,
      drawable: number,
      gc: number,
      width: number,
      height: number,
      x: number,
      y: number,
      leftPad: number,
      depth: number,
      data: Buffer,
    ): void;
    GetImage(
      format: number,
      drawable: number,
      x: number,
      y: number,
      width: number,
      height: number,
      planeMask: number,
      answer: Answer<{ depth: number; data: Buffer }>,
    ): void;
    readonly atoms: Readonly<Record<string, number>>;
    sync(): Promise<void>;
    close(answer: Answer): void;
    terminate(): void;
    require(name: "shm", answer: Answer<Shm>): void;
  }

  export interface Shm {
    readonly fdCapable: boolean;
    usable(answer: Answer<boolean>): void;
    createSegment(size: number, answer: Answer<ServerSegment>): void;
    Attach(segment: number, id: number, readOnly: boolean, answer: Answer): void;
  }

  export interface PutOptions {
    width: number;
    height: number;
    depth: number;
    offset?: number;
    totalWidth?: number;
    totalHeight?: number;
    srcX?: number;
    srcY?: number;
    srcWidth?: number;
    srcHeight?: number;
    dstX?: number;
    dstY?: number;
    sendEvent?: boolean;
  }

  /** What createSegment gives: a provider's segment, attached by the server. Emits `"complete"` after a put that asks. */
  export interface ServerSegment extends EventEmitter {
    readonly size: number;
    readonly buffer: Buffer;
    readonly zeroCopy: boolean;
    commit(offset?: number, length?: number): void;
    readback(offset?: number, length?: number): void;
    putImage(drawable: number, gc: number, options: PutOptions): void;
    getImage(
      drawable: number,
      x: number,
      y: number,
      width: number,
      height: number,
      planeMask: number,
      format: number,
      offset: number,
      answer: Answer<{ depth: number; size: number }>,
    ): void;
    detach(answer?: Answer): void;
  }

  const x11: {
    createClient(options: { display?: string; shm?: object | false }, answer: Answer<Display>): Client;
    readonly eventMask: Readonly<Record<"Exposure" | "KeyPress" | "StructureNotify", number>>;
  };
  export default x11;
}
