// Loss and gradient of two rows of three logits, through cgo. The tensors own their memory, which is C's, and Go sees it as
// slices: C may not keep a pointer to memory of Go's.
// Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
package main

// #cgo pkg-config: xent
// #include <xent.h>
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

// check turns a failure into an error. A message belongs to the thread that made the call; without the lock the goroutine could
// go on on another one.
func check(call func() C.xent_status) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if call() != C.XENT_OK {
		return errors.New(C.GoString(C.xent_error_message()))
	}
	return nil
}

// create makes a tensor of zeros, for C.xent_tensor_destroy to free.
func create(dtype C.xent_dtype, shape ...C.int64_t) (t *C.xent_tensor, err error) {
	ndim := C.int32_t(len(shape))
	shape = append(shape, 0) // a scalar's shape has an address too
	err = check(func() C.xent_status { return C.xent_tensor_create(&t, dtype, ndim, &shape[0]) })
	return t, err
}

// elements is the memory of a tensor whose elements are T, valid until it is destroyed.
func elements[T any](t *C.xent_tensor) []T {
	return unsafe.Slice((*T)(C.xent_tensor_data(t)), C.xent_tensor_numel(t))
}

func crossEntropy(z [][3]float32, y []int64) (loss float32, gradient [][3]float32, err error) {
	logits, err := create(C.XENT_F32, C.int64_t(len(z)), 3)
	if err != nil {
		return
	}
	defer C.xent_tensor_destroy(logits)
	target, err := create(C.XENT_I64, C.int64_t(len(y)))
	if err != nil {
		return
	}
	defer C.xent_tensor_destroy(target)
	out, err := create(C.XENT_F32)
	if err != nil {
		return
	}
	defer C.xent_tensor_destroy(out)

	rows := unsafe.Slice((*[3]float32)(C.xent_tensor_data(logits)), len(z))
	copy(rows, z)
	copy(elements[int64](target), y)
	// The gradient replaces the logits.
	err = check(func() C.xent_status { return C.xent_cross_entropy_grad(logits, target, nil, nil, out, logits) })
	if err != nil {
		return
	}
	return elements[float32](out)[0], append(gradient, rows...), nil
}

func main() {
	loss, gradient, err := crossEntropy([][3]float32{{1, 0.5, 2}, {0.5, 3, 1}}, []int64{2, 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("loss %.4f\ngradient", loss)
	for _, row := range gradient {
		for _, g := range row {
			fmt.Printf(" %.4f", g)
		}
	}
	fmt.Println()
}
