;; Exports that are no functions, values that are no numbers, names that are hard on objects.
(module
  (import "env" "memory" (memory 1))
  (export "memory" (memory 0)) ;; the imported one
  (global (export "global") i32 (i32.const 42))
  (global (export "mutableGlobal") (mut i64) (i64.const 42))
  (table (export "table") 1 1 funcref)
  (tag (export "tag"))

  ;; Each returns its argument.
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "externref") (param externref) (result externref) (local.get 0))
  (func (export "funcref") (param funcref) (result funcref) (local.get 0))

  ;; No v128 can cross to JavaScript: a call is a TypeError, whichever way it would go.
  (func (export "v128Parameter") (param v128))
  (func (export "v128Result") (result v128) (v128.const i64x2 1 2))

  (func (export "nothing"))
  (func (export "several") (result i32 i64 f64) (i32.const 1) (i64.const 2) (f64.const 3))
  (func (export "someFunction") (result funcref) (ref.func $answer))
  (func (export "nullFunction") (result funcref) (ref.null func))
  (func (export "nullExtern") (result externref) (ref.null extern))

  (func $answer (export "answer") (result i32) (i32.const 42))
  (export "then" (func $answer))
  (export "constructor" (func $answer))
  (export "toString" (func $answer))
  (export "__proto__" (func $answer))
  (export "" (func $answer))
  (export "two words" (func $answer))
  (export "na\c3\afve \f0\9f\92\a5" (func $answer))) ;; naïve 💥: wabt.js takes no other bytes than ASCII in a string
