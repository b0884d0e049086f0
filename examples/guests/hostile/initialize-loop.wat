;; `_initialize` is called once, before windows are there.
(module
  (import "env" "memory" (memory 1))
  (func (export "_initialize")
    (loop $again (br $again)))
  (func (export "answer") (result i32) (i32.const 42)))
