(module
  (import "env" "memory" (memory 1))
  (func (export "_initialize") (unreachable))
  (func (export "answer") (result i32) (i32.const 42)))
