;; As large as the format can say.
(module
  (import "env" "memory" (memory 1))
  (table 0xffffffff funcref)
  (func (export "answer") (result i32) (i32.const 42)))
