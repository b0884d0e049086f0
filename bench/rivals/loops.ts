// A WebAssembly module of a program's own, on an attachment's memory: the speed that a program gets if it moves its
// loop there, instead of a call for each number. It is written as text, so that a reader sees what is timed.
import wabt from "wabt";
import type { Attachment } from "wasm-shm";

export interface Loops {
  sumFrom(address: number, count: number): number;
  storeFrom(address: number, start: number, count: number): void;
  addMany(address: number, count: number): void;
  exchangeMany(address: number, count: number): void;
}

const source = `(module
  (import "env" "memory" (memory 1 65536 shared))
  (func (export "sumFrom") (param $at i32) (param $count i32) (result f64) (local $sum f64) (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
    (block $out (loop $next
      (br_if $out (i32.eq (local.get $at) (local.get $end)))
      (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next)))
    (local.get $sum))
  (func (export "storeFrom") (param $at i32) (param $value i32) (param $count i32) (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
    (block $out (loop $next
      (br_if $out (i32.eq (local.get $at) (local.get $end)))
      (f64.store (local.get $at) (f64.convert_i32_u (local.get $value)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $value (i32.add (local.get $value) (i32.const 8)))
      (br $next))))
  (func (export "addMany") (param $at i32) (param $count i32)
    (block $out (loop $next
      (br_if $out (i32.eqz (local.get $count)))
      (drop (i32.atomic.rmw.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next))))
  (func (export "exchangeMany") (param $at i32) (param $count i32) (local $seen i32) (local $was i32)
    (block $out (loop $next
      (br_if $out (i32.eqz (local.get $count)))
      (local.set $seen (i32.atomic.load (local.get $at)))
      (loop $again
        (local.set $was
          (i32.atomic.rmw.cmpxchg (local.get $at) (local.get $seen) (i32.add (local.get $seen) (i32.const 1))))
        (if (i32.ne (local.get $was) (local.get $seen))
          (then (local.set $seen (local.get $was)) (br $again))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))))`;

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const parsed = (await wabt()).parseWat("loops.wat", source, { threads: true });
  try {
    return new WebAssembly.Module(Uint8Array.from(parsed.toBinary({}).buffer));
  } finally {
    parsed.destroy();
  }
}

/** An instance on the attachment's memory. */
export async function loopsOn({ memory }: Attachment): Promise<Loops> {
  compiled ??= compile();
  const { exports } = await WebAssembly.instantiate(await compiled, { env: { memory } });
  return exports as unknown as Loops;
}
