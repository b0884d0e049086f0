;; The same with a table that it asks the host for.
(module
  (import "env" "memory" (memory 1))
  (import "env" "table" (table $given 1 funcref))
  (func (export "growTable") (param $elements i32) (result i32)
    (table.grow $given (ref.null func) (local.get $elements))))
