;; Objects of the JavaScript heap, by the types of WasmGC; a worker's resourceLimits do not hold them. At the heap's end
;; Node 22 aborts the process, and 26 goes on past it. Node 20 takes the module for malformed.
(module
  (type $bytes (array (mut i8)))
  (rec (type $link (struct (field (ref null $link)) (field (ref $bytes)))))
  (import "env" "memory" (memory 1))
  (global $last (mut (ref null $link)) (ref.null $link))

  ;; Objects of that many bytes, none ever let go.
  (func (export "keepForever") (param $bytes i32)
    (loop $again
      (global.set $last (struct.new $link (global.get $last) (array.new_default $bytes (local.get $bytes))))
      (br $again)))

  (func (export "allocate") (param $bytes i32) (result i32)
    (array.len (array.new_default $bytes (local.get $bytes))))

  (func (export "answer") (result i32) (i32.const 42)))
