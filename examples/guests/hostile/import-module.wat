;; The memory under another module's name.
(module
  (import "environment" "memory" (memory 1))
  (func (export "answer") (result i32) (i32.const 42)))
