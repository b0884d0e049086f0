;; Addresses of 64 bits.
(module
  (import "env" "memory" (memory i64 1))
  (func (export "answer") (result i32) (i32.const 42)))
