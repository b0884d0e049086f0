;; Throws an exception of its own: not a RuntimeError but a WebAssembly.Exception.
(module
  (import "env" "memory" (memory 1))
  (tag $thrown (param i32))
  (func (export "throw") (param $value i32)
    (throw $thrown (local.get $value))))
