;; Allocators that lie. Each takes bytes and should return where a free block of them begins.
(module
  (import "env" "memory" (memory 1))
  (global $calls (mut i32) (i32.const 0))

  (func (export "null") (param $bytes i32) (result i32) (i32.const 0))
  (func (export "same") (param $bytes i32) (result i32) (i32.const 0x1000)) ;; for every window, and past the end
  (func (export "odd") (param $bytes i32) (result i32) (i32.const 0x1235))
  (func (export "end") (param $bytes i32) (result i32) (i32.shl (memory.size) (i32.const 16)))
  (func (export "nearEnd") (param $bytes i32) (result i32)
    (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4096)))
  (func (export "highest") (param $bytes i32) (result i32) (i32.const 0xffffffff))
  (func (export "traps") (param $bytes i32) (result i32) (unreachable))
  (func (export "loops") (param $bytes i32) (result i32) (loop $again (br $again)) (unreachable))
  (func (export "nothing") (param $bytes i32))
  (func (export "fraction") (param $bytes i32) (result f64) (f64.const 4096.5))
  (func (export "notANumber") (param $bytes i32) (result f64) (f64.const nan))
  (func (export "large") (param $bytes i32) (result i64) (i64.const 0x1_0000_1000))
  (func (export "reference") (param $bytes i32) (result externref) (ref.null extern))

  ;; Honest the first time; then the block before once more.
  (func (export "twice") (param $bytes i32) (result i32)
    (local $block i32)
    (if (i32.eqz (global.get $calls))
      (then
        (global.set $calls
          (i32.shl (memory.grow (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))) (i32.const 16)))))
    (global.get $calls))

  ;; Honest: whole pages at the end. What the others are compared with.
  (func (export "honest") (param $bytes i32) (result i32)
    (i32.shl (memory.grow (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))) (i32.const 16)))

  (func (export "free") (param $block i32) (unreachable))
  (func (export "answer") (result i32) (i32.const 42)))
