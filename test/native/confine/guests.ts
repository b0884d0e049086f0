// Modules for confined processes: one that uses all that V8 asks the system for, and those that use up its memory.
import wabt from "wabt";

const { parseWat } = await wabt();

/** Base64 of a module in the text format. */
function assemble(text: string): string {
  const module = parseWat("guest.wat", text, { exceptions: true, reference_types: true });
  try {
    return Buffer.from(module.toBinary({}).buffer).toString("base64");
  } finally {
    module.destroy();
  }
}

const repeat = (text: string, times: number): string => `${text} `.repeat(times);

export const working = (): string =>
  assemble(`(module
    (import "env" "memory" (memory 1 1000))
    (tag $tag (param i32))
    (table $table 10 10000000 externref)
    (func (export "answer") (result i32) (i32.const 42))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
    (func (export "sum") (param $at i32) (param $length i32) (result i32) (local $sum i32) (local $end i32)
      (local.set $end (i32.add (local.get $at) (local.get $length)))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))
      (local.get $sum))
    (func (export "scatter") (param $at i32) (param $count i32)
      (loop $next
        (i32.store (local.get $at) (i32.const 3))
        (local.set $at (i32.add (local.get $at) (i32.const 8192)))
        (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "trap") (unreachable))
    (func $recurse (export "recurse") (result i32) (i32.add (i32.const 1) (call $recurse)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "growTable") (param i32) (result i32) (table.grow $table (ref.null extern) (local.get 0)))
    (func $throw (export "throw") (param i32) (throw $tag (local.get 0)))
    (func (export "catch") (param $count i32) (result i32) (local $caught i32)
      (loop $next
        (try (do (call $throw (i32.const 1)))
          (catch $tag (local.set $caught (i32.add (local.get $caught)))))
        (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.get $caught)))`);

function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)];
}

const sized = (bytes: readonly number[]): number[] => [...leb128(bytes.length), ...bytes];
const section = (id: number, ...bytes: number[]): number[] => [id, ...sized(bytes)];
const text = (value: string): number[] => sized([...Buffer.from(value)]);

/**
 * Nested blocks in a function of many locals: V8 keeps a state of all locals for each block that it compiles. 63 KB,
 * which wabt's parser has no stack for.
 */
export function blocks(): string {
  const depth = 9000;
  const enter = Array.from({ length: depth }, () => [0x02, 0x40, 0x20, 0x00, 0x0d, 0x00]).flat(); // block; br_if 0 of local 0
  const body = [1, ...leb128(49_000), 0x7e, ...enter, ...new Array<number>(depth + 1).fill(0x0b)];
  const module = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 1, 0x7f, 0),
    ...section(2, 1, ...text("env"), ...text("memory"), 2, 0, 1),
    ...section(3, 1, 0),
    ...section(7, 1, ...text("run"), 0, 0),
    ...section(10, 1, ...sized(body)),
  ];
  return Buffer.from(module).toString("base64");
}

/** Eight tables of ten million elements: they lie in the engine's heap, outside the guest's memory. */
export const tables = (): string =>
  assemble(`(module
    (import "env" "memory" (memory 1))
    ${repeat("(table 10000000 externref)", 8)}
    (func (export "run") (param i32)))`);

/** Exceptions of 900 numbers that are all alive, as each is thrown while the one before is handled. */
export const exceptions = (): string =>
  assemble(`(module
    (import "env" "memory" (memory 1))
    (tag $large (param ${repeat("i64", 900)}))
    (func $throw ${repeat("(i64.const 81985529216486895)", 900)} (throw $large))
    (func $next (export "run") (param $left i32)
      (try
        (do (call $throw))
        (catch_all
          (if (local.get $left) (then (call $next (i32.sub (local.get $left) (i32.const 1)))))))))`);

/** Asks for pages until it gets none, and returns how many it has; then writes to each. */
export const grower = (): string =>
  assemble(`(module
    (import "env" "memory" (memory 1 65536))
    (func (export "run") (param i32) (local $at i32)
      (block $end (loop $next
        (br_if $end (i32.eq (memory.grow (i32.const 16)) (i32.const -1)))
        (br $next)))
      (loop $touch
        (i32.store8 (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if $touch (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))))`);
