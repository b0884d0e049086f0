// One class from several, a subject each: their methods are put on the prototype of the class that they belong to.

type Part = abstract new (...values: never[]) => object;

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** An object that has the methods of all parts. */
export type Assembled<Parts extends readonly Part[]> = Intersection<InstanceType<Parts[number]>>;

/** Puts the methods of every part on the prototype of a class. Two parts with a method of one name are a mistake. */
export function assemble(target: { readonly prototype: object }, parts: readonly Part[]): void {
  for (const { prototype } of parts)
    for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === "constructor") continue;
      if (Object.hasOwn(target.prototype, name)) throw new Error(`two parts of a class have a method ${name}`);
      Object.defineProperty(target.prototype, name, method);
    }
}
