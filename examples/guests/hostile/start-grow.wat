;; Takes all the memory there is, and touches it, before anybody could call it.
(module
  (import "env" "memory" (memory 1))
  (start $grow)
  (func $grow
    (local $end i32)
    (block $refused
      (loop $again
        (local.set $end (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
        (br_if $refused (i32.eq (local.get $end) (i32.const 0xffff0000))) ;; -1, shifted
        (i32.store (local.get $end) (i32.const 1))
        (br $again))))
  (func (export "answer") (result i32) (i32.const 42)))
