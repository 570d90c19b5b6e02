// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Expr.Operator;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: integers without a fixed width (up to a limit), floats, booleans as 0 and 1. */
final class Numbers {
    private Numbers() {}

    static boolean isNumber(Object value) {
        return value instanceof Long
                || value instanceof Double
                || value instanceof Boolean
                || value instanceof BigInteger;
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    static boolean isNan(Object value) {
        return value instanceof Double d && d.isNaN();
    }

    /** Long where it fits. */
    static Object normal(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    static BigInteger big(Object integer) {
        return switch (integer) {
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            case Long l -> BigInteger.valueOf(l);
            default -> (BigInteger) integer;
        };
    }

    static double real(Object number) {
        return switch (number) {
            case Boolean b -> b ? 1 : 0;
            case Long l -> l;
            case BigInteger b -> b.doubleValue();
            default -> (Double) number;
        };
    }

    /** Exact also between an integer and a float; NaN counts as the greatest, so that sorting stands on an order. */
    static int compare(Object a, Object b) {
        if (a instanceof Long l && b instanceof Long m) return Long.compare(l, m);
        boolean real = a instanceof Double || b instanceof Double;
        if (!real) return big(a).compareTo(big(b));
        double x = real(a);
        double y = real(b);
        if (Double.isNaN(x) || Double.isNaN(y)) return Double.compare(x, y);
        if (Double.isInfinite(x) || Double.isInfinite(y) || a instanceof Double && b instanceof Double) {
            return x < y ? -1 : x > y ? 1 : 0;
        }
        return exact(a).compareTo(exact(b));
    }

    private static BigDecimal exact(Object number) {
        return number instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(number));
    }

    /** {@code repr} of a float: the shortest digits that read back as the same, an exponent from 1e16 and below 1e-4. */
    static String text(double d) {
        if (Double.isNaN(d)) return "nan";
        if (Double.isInfinite(d)) return d > 0 ? "inf" : "-inf";
        if (d == 0) return 1 / d < 0 ? "-0.0" : "0.0";
        BigDecimal shortest = new BigDecimal(Double.toString(d)).stripTrailingZeros();
        if (shortest.precision() == 2) {
            // Java writes two digits also where one reads back as the same.
            BigDecimal one = shortest.round(new MathContext(1, RoundingMode.HALF_EVEN));
            if (one.doubleValue() == d) shortest = one;
        }
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = shortest.unscaledValue().abs().toString();
        String point = digits.length() > 1 ? digits.charAt(0) + "." + digits.substring(1) : digits;
        String size = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        return (d < 0 ? "-" : "") + point + "e" + (exponent < 0 ? "-" : "+") + size;
    }

    static Object negate(Run run, Object value) {
        return switch (value) {
            case Double d -> -d;
            case Long l when l != Long.MIN_VALUE -> -l;
            case Long l -> big(l).negate();
            case Boolean b -> b ? -1L : 0L;
            case BigInteger b -> normal(b.negate());
            case null, default -> throw wrong(run, "-", value);
        };
    }

    static Object plus(Run run, Object value) {
        if (value instanceof Boolean b) return b ? 1L : 0L;
        if (isNumber(value)) return value;
        throw wrong(run, "+", value);
    }

    private static TemplateException wrong(Run run, String sign, Object value) {
        Py.defined(run, value);
        return run.error("sign '" + sign + "' is not defined on " + Py.describe(value));
    }

    /** Both must be numbers. */
    static Object apply(Run run, Operator operator, Object a, Object b) {
        if (operator == Operator.DIVIDE) {
            if (real(b) == 0) throw run.error("division by zero: " + Py.describe(a) + " / 0");
            return real(a) / real(b);
        }
        if (a instanceof Double || b instanceof Double) return applyReal(run, operator, real(a), real(b));
        if (operator == Operator.POWER) return power(run, big(a), big(b));
        if (a instanceof Long x && b instanceof Long y) {
            Object quick = applyLong(operator, x, y);
            if (quick != null) return quick;
        }
        return applyBig(run, operator, big(a), big(b));
    }

    /** null where the answer may not fit. */
    private static Object applyLong(Operator operator, long x, long y) {
        long answer;
        switch (operator) {
            case ADD -> {
                answer = x + y;
                if (((x ^ answer) & (y ^ answer)) < 0) return null;
            }
            case SUBTRACT -> {
                answer = x - y;
                if (((x ^ y) & (x ^ answer)) < 0) return null;
            }
            case MULTIPLY -> {
                answer = x * y;
                if (Math.multiplyHigh(x, y) != answer >> 63) return null;
            }
            case FLOOR_DIVIDE -> {
                if (y == 0 || y == -1) return null;
                answer = Math.floorDiv(x, y);
            }
            default -> {
                if (y == 0) return null;
                answer = Math.floorMod(x, y);
            }
        }
        return answer;
    }

    private static Object applyBig(Run run, Operator operator, BigInteger x, BigInteger y) {
        run.look(x.bitLength() + y.bitLength());
        BigInteger answer = switch (operator) {
            case ADD -> x.add(y);
            case SUBTRACT -> x.subtract(y);
            case MULTIPLY -> x.multiply(y);
            case FLOOR_DIVIDE, MODULO -> {
                if (y.signum() == 0) throw run.error("division by zero: int " + operator.sign + " 0");
                BigInteger[] parts = x.divideAndRemainder(y);
                boolean down = parts[1].signum() != 0 && parts[1].signum() != y.signum();
                if (operator == Operator.FLOOR_DIVIDE) {
                    yield down ? parts[0].subtract(BigInteger.ONE) : parts[0];
                }
                yield down ? parts[1].add(y) : parts[1];
            }
            default -> throw new IllegalStateException("integer operator=" + operator);
        };
        return bounded(run, operator.sign, answer);
    }

    private static Object bounded(Run run, String doing, BigInteger value) {
        if (value.bitLength() > run.limits.integerBits()) {
            throw run.over(
                    "computing '" + doing + "'", "bits of an integer", value.bitLength(), run.limits.integerBits());
        }
        return normal(value);
    }

    private static Object power(Run run, BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            if (base.signum() == 0) throw run.error("division by zero: 0 ** " + exponent);
            return Math.pow(base.doubleValue(), exponent.doubleValue());
        }
        long bits = base.abs().subtract(BigInteger.ONE).bitLength();
        if (bits > 0) {
            int allowed = run.limits.integerBits();
            long needed = exponent.bitLength() > 31 ? Long.MAX_VALUE : (bits - 1) * exponent.longValue();
            if (bits == 1) needed = exponent.bitLength() > 31 ? Long.MAX_VALUE : exponent.longValue();
            if (needed > allowed) throw run.over("computing '**'", "bits of an integer", needed, allowed);
            run.look(allowed);
            return bounded(run, "**", base.pow(exponent.intValue()));
        }
        boolean odd = exponent.testBit(0);
        if (exponent.signum() == 0) return 1L;
        return base.signum() < 0 && !odd ? 1L : base.longValue();
    }

    private static Object applyReal(Run run, Operator operator, double x, double y) {
        return switch (operator) {
            case ADD -> x + y;
            case SUBTRACT -> x - y;
            case MULTIPLY -> x * y;
            case POWER -> {
                if (x == 0 && y < 0) throw run.error("division by zero: 0.0 ** " + text(y));
                double answer = Math.pow(x, y);
                if (Double.isNaN(answer) && !Double.isNaN(x) && !Double.isNaN(y)) {
                    throw run.error("no real number: " + text(x) + " ** " + text(y));
                }
                if (Double.isInfinite(answer) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
                    throw run.error("float too large: " + text(x) + " ** " + text(y));
                }
                yield answer;
            }
            case FLOOR_DIVIDE, MODULO -> {
                if (y == 0) throw run.error("division by zero: float " + operator.sign + " 0");
                double rest = x % y;
                if (rest != 0 && rest < 0 != y < 0) rest += y;
                if (operator == Operator.MODULO) yield rest == 0 ? Math.copySign(0.0, y) : rest;
                yield Math.rint((x - rest) / y);
            }
            default -> throw new IllegalStateException("float operator=" + operator);
        };
    }

    /** {@code int(text, base)}, or null where it is none. */
    static Object parseInteger(Run run, String text, int radix) {
        String digits = text.substring(Chars.skipSpace(text, 0), text.length()).strip();
        run.look(text.length());
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) digits = digits.substring(1);
        int base = radix;
        if (digits.length() > 2 && digits.charAt(0) == '0') {
            int named = switch (digits.charAt(1) | 0x20) {
                case 'x' -> 16;
                case 'o' -> 8;
                case 'b' -> 2;
                default -> 10;
            };
            if (named != 10 && (base == named || base == 0)) {
                digits = digits.substring(2);
                base = named;
            }
        }
        if (base == 0) base = 10;
        if (digits.length() > run.limits.integerBits() / 4) {
            throw run.over("reading an integer", "digits", digits.length(), run.limits.integerBits() / 4);
        }
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            boolean joins = c == '_' && i > 0 && i + 1 < digits.length() && digits.charAt(i + 1) != '_';
            if (joins) continue;
            if (Character.digit(c, base) < 0) return null;
            plain.append(c);
        }
        if (plain.isEmpty()) return null;
        BigInteger value = new BigInteger(plain.toString(), base);
        return normal(negative ? value.negate() : value);
    }

    /** {@code float(text)}, or null where it is none. */
    static Double parseReal(Run run, String text) {
        run.look(text.length());
        String plain = text.substring(Chars.skipSpace(text, 0)).strip();
        if (plain.isEmpty() || plain.length() > 400) return null;
        String unsigned = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
        double sign = plain.startsWith("-") ? -1 : 1;
        if (unsigned.equalsIgnoreCase("nan")) return Double.NaN;
        if (unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity")) {
            return sign * Double.POSITIVE_INFINITY;
        }
        for (int i = 0; i < unsigned.length(); i++) {
            if ("0123456789.eE+-_".indexOf(unsigned.charAt(i)) < 0) return null;
        }
        try {
            return Double.valueOf(plain.replace("_", ""));
        } catch (NumberFormatException none) {
            return null;
        }
    }

    /** {@code int(float)}; null where it is infinite or no number. */
    static Object truncate(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) return null;
        return normal(new BigDecimal(value).toBigInteger());
    }

    /** {@code round(value, digits)}: halves to even, on the exact value. */
    static double round(double value, int digits, RoundingMode mode) {
        if (Double.isNaN(value) || Double.isInfinite(value) || digits > 330) return value;
        if (digits < -330) return 0;
        double rounded = new BigDecimal(value)
                .setScale(digits, mode)
                .round(MathContext.UNLIMITED)
                .doubleValue();
        return rounded == 0 ? Math.copySign(0.0, value) : rounded;
    }
}
