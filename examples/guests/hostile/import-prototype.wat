;; Names that a plain object of imports has without being given them: imports.constructor is Object, and its
;; constructor is Function, which makes JavaScript of what it is given.
(module
  (import "env" "memory" (memory 1))
  (import "env" "constructor" (func $Object (result externref)))
  (import "__proto__" "toString" (func $toString (result externref)))
  (import "constructor" "constructor" (func $Function (param i32) (result externref)))
  (func (export "escape") (result externref) (call $Function (i32.const 42)))
  (func (export "answer") (result i32) (i32.const 42)))
