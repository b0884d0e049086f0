(module
  (import "env" "memory" (memory 1))
  (start $trap)
  (func $trap (unreachable))
  (func (export "answer") (result i32) (i32.const 42)))
