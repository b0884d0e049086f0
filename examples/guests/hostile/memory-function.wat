(module
  (import "env" "memory" (func))
  (func (export "answer") (result i32) (i32.const 42)))
