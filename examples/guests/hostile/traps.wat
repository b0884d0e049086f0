;; Everything that ends a call with a RuntimeError.
(module
  (import "env" "memory" (memory 1))
  (type $void (func))
  (type $number (func (result i32)))
  (table $functions 3 3 funcref)
  (elem (i32.const 0) $number) ;; 1 and 2 stay null
  (data $passive "four")
  (elem $spare func $number)

  (func $number (export "answer") (type $number) (i32.const 42))

  (func (export "unreachable") (unreachable))

  (func (export "divideByZero") (param $dividend i32) (result i32)
    (i32.div_s (local.get $dividend) (i32.const 0)))
  (func (export "remainderByZero") (param $dividend i64) (result i64)
    (i64.rem_u (local.get $dividend) (i64.const 0)))
  (func (export "divisionOverflow") (result i32)
    (i32.div_s (i32.const 0x80000000) (i32.const -1)))

  (func (export "invalidConversion") (result i32)
    (i32.trunc_f64_s (f64.const nan)))
  (func (export "conversionOverflow") (result i64)
    (i64.trunc_f64_u (f64.const 0x1p64)))

  (func (export "loadOutOfBounds") (result i32)
    (i32.load offset=0xfffffffc (i32.const 0xfffffffc)))
  (func (export "storeOutOfBounds")
    (i32.store offset=0xfffffffc (i32.const 0xfffffffc) (i32.const 1)))
  (func (export "storeAtEnd")
    (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 3)) (i32.const 1)))
  (func (export "fillOutOfBounds")
    (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 0xffffffff)))
  (func (export "copyOutOfBounds")
    (memory.copy (i32.const 0xffffffff) (i32.const 0) (i32.const 2)))
  (func (export "initOutOfBounds")
    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 5)))
  (func (export "atomicUnaligned") (result i32)
    (i32.atomic.load (i32.const 1)))
  ;; On a memory that is not shared.
  (func (export "atomicWait") (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))

  (func (export "callNull")
    (call_indirect $functions (type $void) (i32.const 1)))
  (func (export "callIllTyped")
    (call_indirect $functions (type $void) (i32.const 0)))
  (func (export "callOutOfBounds")
    (call_indirect $functions (type $void) (i32.const 3)))
  (func (export "tableOutOfBounds")
    (table.set $functions (i32.const 3) (ref.null func)))
  (func (export "tableInitOutOfBounds")
    (table.init $functions $spare (i32.const 0) (i32.const 0) (i32.const 2))))
