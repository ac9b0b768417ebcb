//! Functions of one real number that give the same bits on every machine.
//!
//! Platforms differ in the last bits of their `pow`, `exp`, `sin`, and cooked bytes must not. Here
//! everything is built from `+ - * /`, square roots and rounding, which IEEE 754 defines exactly.
//! Nothing here is fast; it fills tables, which the pixel loops then read.

use std::f64::consts::{LN_2, PI};

/// Signal value of the sRGB transfer function (IEC 61966-2-1) to linear light, extended to negative
/// values by symmetry.
pub fn srgb_to_linear(signal: f64) -> f64 {
    let s = signal.abs();
    let linear = if s <= 0.040_45 {
        s / 12.92
    } else {
        let base = (s + 0.055) / 1.055;
        // x^2.4 = x^2 * (x^(1/5))^2
        let root = nth_root::<5>(base);
        base * base * root * root
    };
    linear.copysign(signal)
}

/// Linear light to the signal value of the sRGB transfer function, extended to negative values by
/// symmetry.
pub fn linear_to_srgb(linear: f64) -> f64 {
    let l = linear.abs();
    let signal = if l <= 0.003_130_8 {
        l * 12.92
    } else {
        // x^(1/2.4) = (x^(1/12))^5
        let root = nth_root::<3>(l.sqrt().sqrt());
        let square = root * root;
        1.055 * (square * square * root) - 0.055
    };
    signal.copysign(linear)
}

/// The `N`-th root of a finite, non-negative number.
fn nth_root<const N: u32>(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let n = f64::from(N);
    // Dividing the bits of a float by N divides its exponent by N: a start that is a few percent off.
    let one = 1.0f64.to_bits();
    let start = x.to_bits() / u64::from(N) + (one - one / u64::from(N));
    let mut y = f64::from_bits(start);
    // Newton's iteration doubles the correct digits: 5 %, 1e-2, 1e-4, 1e-8, 1e-16, and one to settle.
    for _ in 0..6 {
        let mut power = y;
        for _ in 2..N {
            power *= y;
        }
        y = ((n - 1.0) * y + x / power) / n;
    }
    y
}

/// `2^x`, zero or infinite where a normal `f64` cannot hold it.
pub fn exp2(x: f64) -> f64 {
    let whole = x.floor();
    if whole < -1022.0 {
        return 0.0;
    }
    if whole > 1023.0 {
        return f64::INFINITY;
    }
    let t = (x - whole) * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..24 {
        term *= t / f64::from(k);
        sum += term;
    }
    let exponent = (whole as i64 + 1023) as u64;
    sum * f64::from_bits(exponent << 52)
}

/// `sin(pi x)`.
fn sin_pi(x: f64) -> f64 {
    // Bring the argument into -1/2 ..= 1/2, where the series converges at once.
    let nearest = (x + 0.5).floor();
    let t = (x - nearest) * PI;
    let mut term = t;
    let mut sum = t;
    for k in 1..12 {
        let k = f64::from(k);
        term *= -t * t / ((2.0 * k) * (2.0 * k + 1.0));
        sum += term;
    }
    if (nearest as i64) % 2 == 0 { sum } else { -sum }
}

/// The angle of the point (`x`, `y`) from the positive x axis, -pi to pi; zero for the origin. Right to
/// ten digits.
pub fn atan2(y: f64, x: f64) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    let (small, large) = if ay > ax { (ax, ay) } else { (ay, ax) };
    if large == 0.0 {
        return 0.0;
    }
    let octant = arctangent(small / large);
    let quadrant = if ay > ax { PI / 2.0 - octant } else { octant };
    let half = if x < 0.0 { PI - quadrant } else { quadrant };
    half.copysign(y)
}

/// The angle whose tangent is `x`, for 0 to 1.
fn arctangent(x: f64) -> f64 {
    // Half the angle: its tangent is at most 0.42, where the series gains three bits with each term.
    let half = x / (1.0 + (1.0 + x * x).sqrt());
    let square = half * half;
    let mut sum = 0.0;
    for k in (0..13).rev() {
        sum = 1.0 / f64::from(2 * k + 1) - square * sum;
    }
    2.0 * half * sum
}

/// The normalised cardinal sine, `sin(pi x) / (pi x)`.
pub fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        sin_pi(x) / (PI * x)
    }
}

/// The modified Bessel function of the first kind and order zero, by its power series.
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x * 0.25;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..64 {
        let k = f64::from(k);
        term *= quarter / (k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance
    }

    #[test]
    fn roots_agree_with_the_platform_to_the_last_digits() {
        for i in 1..2000 {
            let x = f64::from(i) * 0.003;
            assert!(close(
                nth_root::<5>(x),
                x.powf(0.2),
                4e-16 * x.powf(0.2).max(1.0)
            ));
            assert!(close(nth_root::<3>(x), x.cbrt(), 4e-16 * x.cbrt().max(1.0)));
        }
    }

    #[test]
    fn transfer_functions_hit_the_published_values() {
        assert_eq!(srgb_to_linear(0.0), 0.0);
        assert!(close(srgb_to_linear(1.0), 1.0, 1e-15));
        assert!(close(srgb_to_linear(0.5), 0.214_041_140_482_232_55, 1e-15));
        assert!(close(srgb_to_linear(0.040_45), 0.040_45 / 12.92, 1e-15));
        assert!(close(linear_to_srgb(0.001), 0.012_92, 1e-15));
        assert!(close(linear_to_srgb(0.214_041_140_482_232_55), 0.5, 1e-14));
        assert_eq!(srgb_to_linear(-0.5), -srgb_to_linear(0.5));
        for x in [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 4.0] {
            assert!(close(srgb_to_linear(linear_to_srgb(x)), x, 1e-7));
        }
    }

    #[test]
    fn exp2_agrees_with_exact_powers_and_the_platform() {
        assert_eq!(exp2(0.0), 1.0);
        assert_eq!(exp2(10.0), 1024.0);
        assert_eq!(exp2(-3.0), 0.125);
        assert_eq!(exp2(2000.0), f64::INFINITY);
        assert_eq!(exp2(-2000.0), 0.0);
        for i in -200..200 {
            let x = f64::from(i) * 0.037;
            assert!(close(exp2(x) / x.exp2(), 1.0, 1e-15), "{x}");
        }
    }

    #[test]
    fn angles_agree_with_the_platform() {
        for i in -50..=50 {
            for j in -50..=50 {
                let (y, x) = (f64::from(i) * 0.37, f64::from(j) * 0.11);
                if (x, y) != (0.0, 0.0) {
                    assert!(close(atan2(y, x), y.atan2(x), 1e-10), "{y} {x}");
                }
            }
        }
        assert_eq!(atan2(0.0, 0.0), 0.0);
        assert!(close(atan2(1.0, 0.0), PI / 2.0, 1e-11));
        assert!(close(atan2(0.0, -1.0), PI, 1e-11));
    }

    #[test]
    fn sinc_is_one_at_zero_and_zero_at_the_other_integers() {
        assert_eq!(sinc(0.0), 1.0);
        for i in 1..6 {
            assert!(sinc(f64::from(i)).abs() < 1e-16);
            assert!(sinc(f64::from(-i)).abs() < 1e-16);
        }
        assert!(close(sinc(0.5), 2.0 / PI, 1e-15));
        assert!(close(sinc(1.5), -2.0 / (3.0 * PI), 1e-15));
    }

    #[test]
    fn bessel_i0_hits_tabulated_values() {
        assert_eq!(bessel_i0(0.0), 1.0);
        assert!(close(bessel_i0(1.0), 1.266_065_877_752_008_3, 1e-14));
        assert!(close(bessel_i0(4.0), 11.301_921_952_136_33, 1e-12));
        assert_eq!(bessel_i0(-2.5), bessel_i0(2.5));
    }
}
