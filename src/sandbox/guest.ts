import type { Access } from "../common/flags.js";

/** What crosses between a guest and its host. */
export type GuestValue = number | bigint;
export type GuestResult = GuestValue | GuestValue[] | undefined;

/** Functions that a guest may import, by module and name. */
export type Imports = Readonly<Record<string, Readonly<Record<string, (...values: never[]) => unknown>>>>;

/** Where a guest sees a window: bytes of its memory. */
export interface GuestWindow {
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly access: Access;
}
