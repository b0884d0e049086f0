// One class from several: the methods of each codec are put on the prototype of the class that they belong to.
import type { Positioned } from "./position.js";

type Codec = abstract new () => object;

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The class that has the methods of all codecs. */
export type Assembled<Codecs extends readonly Codec[]> = abstract new (
  position: unknown,
) => Positioned & Intersection<InstanceType<Codecs[number]>>;

/** Puts the methods of every codec on the prototype of a class. Two codecs with a method of one name are a mistake. */
export function assemble(target: { readonly prototype: object }, codecs: readonly Codec[]): void {
  for (const { prototype } of codecs)
    for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === "constructor") continue;
      if (Object.hasOwn(target.prototype, name)) throw new Error(`two codecs have a method ${name}`);
      Object.defineProperty(target.prototype, name, method);
    }
}
