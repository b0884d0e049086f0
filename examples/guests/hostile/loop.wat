;; Calls that never return.
(module
  (import "env" "memory" (memory 1))

  (func (export "loop")
    (loop $again (br $again)))

  (func (export "storeForever") (param $address i32)
    (local $value i32)
    (loop $again
      (local.set $value (i32.add (local.get $value) (i32.const 1)))
      (i32.store (local.get $address) (local.get $value))
      (br $again)))

  (func (export "loadForever") (param $address i32)
    (loop $again
      (drop (i32.atomic.load (local.get $address)))
      (br $again)))

  ;; Each turn one instruction of long duration: whoever stops it has to interrupt that as well.
  (func (export "fillForever") (param $address i32) (param $length i32)
    (loop $again
      (memory.fill (local.get $address) (i32.const 0xa5) (local.get $length))
      (br $again))))
