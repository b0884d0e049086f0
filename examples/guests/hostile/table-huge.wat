;; As large as V8 allows: 10,000,000 elements (kV8MaxWasmTableSize).
(module
  (import "env" "memory" (memory 1))
  (table 10000000 funcref)
  (func (export "answer") (result i32) (i32.const 42)))
