(module
  (import "env" "memory" (global i32))
  (func (export "answer") (result i32) (i32.const 42)))
