;; A table of its own that grows without a maximum.
(module
  (import "env" "memory" (memory 1))
  (table $own 1 funcref)

  ;; Returns the elements before, or -1.
  (func (export "growTable") (param $elements i32) (result i32)
    (table.grow $own (ref.null func) (local.get $elements)))

  ;; By half as much again at a time until refused, then by one; returns the elements it has then.
  (func (export "growTableBomb") (result i32)
    (block $refused
      (loop $again
        (br_if $again
          (i32.ne
            (table.grow $own (ref.null func) (i32.add (i32.shr_u (table.size $own) (i32.const 1)) (i32.const 1)))
            (i32.const -1)))))
    (loop $again
      (br_if $again (i32.ne (table.grow $own (ref.null func) (i32.const 1)) (i32.const -1))))
    (table.size $own))

  (func (export "size") (result i32)
    (table.size $own)))
