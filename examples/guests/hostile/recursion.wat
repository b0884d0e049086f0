;; More stack than there is.
(module
  (import "env" "memory" (memory 1))
  (type $deeper (func (param i32) (result i32)))
  (table 1 1 funcref)
  (elem (i32.const 0) $recurseIndirect)

  ;; Not a tail call: each depth adds to what the next returns.
  (func $recurse (export "recurse") (param $depth i32) (result i32)
    (i32.add (i32.const 1) (call $recurse (i32.add (local.get $depth) (i32.const 1)))))

  (func $recurseIndirect (export "recurseIndirect") (param $depth i32) (result i32)
    (i32.add
      (i32.const 1)
      (call_indirect (type $deeper) (i32.add (local.get $depth) (i32.const 1)) (i32.const 0))))

  ;; Returns its argument, by that many calls.
  (func $recurseTo (export "recurseTo") (param $depth i32) (result i32)
    (if (result i32) (i32.eqz (local.get $depth))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $recurseTo (i32.sub (local.get $depth) (i32.const 1))))))))
