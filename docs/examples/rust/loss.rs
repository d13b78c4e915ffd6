// Loss and gradient of two rows of three logits, through `extern "C"`: the compiler checks what a tensor borrows, a failure is an Err.
// Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
use std::ffi::CStr;
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

#[repr(C)]
struct Raw {
    _opaque: [u8; 0],
}

#[rustfmt::skip]
#[link(name = "xent")]
extern "C" {
    fn xent_error_message() -> *const c_char;
    fn xent_tensor_wrap(out: *mut *mut Raw, dtype: c_int, ndim: i32, shape: *const i64, strides: *const i64,
                        data: *mut c_void) -> c_int;
    fn xent_tensor_destroy(t: *mut Raw);
    fn xent_cross_entropy_grad(logits: *const Raw, target: *const Raw, options: *const c_void, grad_loss: *const Raw,
                               loss: *mut Raw, grad_logits: *mut Raw) -> c_int;
}

fn check(status: c_int) -> Result<(), String> {
    match status {
        0 => Ok(()),
        _ => Err(unsafe { CStr::from_ptr(xent_error_message()) }
            .to_string_lossy()
            .into_owned()),
    }
}

/// Types of elements, with their numbers in xent.h.
trait Element {
    const DTYPE: c_int;
}
impl Element for f32 {
    const DTYPE: c_int = 1;
}
impl Element for i64 {
    const DTYPE: c_int = 16;
}

/// A row-major tensor over a slice that it borrows.
struct Tensor<'a>(*mut Raw, PhantomData<&'a mut [u8]>);

impl<'a> Tensor<'a> {
    fn wrap<T: Element>(data: &'a mut [T], shape: &[i64]) -> Result<Self, String> {
        assert_eq!(data.len() as i64, shape.iter().product::<i64>());
        let (ndim, memory) = (shape.len() as i32, data.as_mut_ptr().cast());
        let mut t = Tensor(null_mut(), PhantomData);
        check(unsafe { xent_tensor_wrap(&mut t.0, T::DTYPE, ndim, shape.as_ptr(), null(), memory) })?;
        Ok(t)
    }
}

impl Drop for Tensor<'_> {
    fn drop(&mut self) {
        unsafe { xent_tensor_destroy(self.0) }
    }
}

fn cross_entropy(z: &Tensor, y: &Tensor, loss: &mut Tensor, grad: &mut Tensor) -> Result<(), String> {
    check(unsafe { xent_cross_entropy_grad(z.0, y.0, null(), null(), loss.0, grad.0) })
}

fn main() -> Result<(), String> {
    let (mut logits, mut target) = ([1f32, 0.5, 2.0, 0.5, 3.0, 1.0], [2i64, 1]);
    let (mut loss, mut gradient) = ([0f32], [0f32; 6]);
    cross_entropy(
        &Tensor::wrap(&mut logits, &[2, 3])?,
        &Tensor::wrap(&mut target, &[2])?,
        &mut Tensor::wrap(&mut loss, &[])?,
        &mut Tensor::wrap(&mut gradient, &[2, 3])?,
    )?;
    println!("loss {:.4}", loss[0]);
    println!("gradient {}", gradient.map(|g| format!("{:.4}", g)).join(" "));
    Ok(())
}
