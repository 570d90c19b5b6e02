// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/**
 * How numbers within bounds are written: digit by digit, beside both bounds and with the remainder of the division that
 * must come out even. Without leading zeros; an exponent only where nothing is said about the value.
 */
final class NumberTexts {
    static final String CHARACTERS = "-.0123456789eE+";

    private static final int MOST_DIGITS = 16;
    private static final int MOST_REMAINDERS = 20_000;

    private NumberTexts() {}

    /** @param whole whether only whole numbers are meant */
    static CharDfa of(SchemaShape shape, boolean whole) {
        boolean free = !whole && shape.low == null && shape.high == null && shape.multiples.isEmpty();
        BigDecimal step = common(shape.multiples);
        int scale = whole ? 0 : step == null ? MOST_DIGITS : Math.max(0, step.scale());
        if (whole && step != null && step.scale() > 0) step = common(List.of(step, BigDecimal.ONE));
        Steps steps = step == null ? null : new Steps(step, scale);
        // a value below 0 is a minus and a value above 0: its bounds change sides
        Bound none = new Bound(BigDecimal.ZERO, false, false);
        Bound low = shape.low == null || shape.low.signum() < 0 ? none : new Bound(shape.low, shape.aboveLow, false);
        Bound high = shape.high == null ? null : new Bound(shape.high, false, shape.belowHigh);
        Bound minusLow = shape.high == null || shape.high.signum() >= 0
                ? new Bound(BigDecimal.ZERO, true, false)
                : new Bound(shape.high.negate(), shape.belowHigh, false);
        Bound minusHigh = shape.low == null ? null : new Bound(shape.low.negate(), false, shape.aboveLow);
        Side plus = shape.high != null && shape.high.signum() < 0 ? null : new Side(low, high);
        Side minus = shape.low != null && shape.low.signum() >= 0 ? null : new Side(minusLow, minusHigh);
        return CharDfa.of(new Digits(plus, minus, steps, scale, free), CHARACTERS);
    }

    /** The least number that all of these divide; null for none. */
    private static BigDecimal common(List<BigDecimal> multiples) {
        if (multiples.isEmpty()) return null;
        int scale = multiples.stream().mapToInt(BigDecimal::scale).max().orElse(0);
        BigInteger all = BigInteger.ONE;
        for (BigDecimal each : multiples) {
            BigInteger n = each.setScale(scale).unscaledValue();
            all = all.multiply(n).divide(all.gcd(n));
        }
        return new BigDecimal(all, scale).stripTrailingZeros();
    }

    /** Remainders of value * 10^scale. */
    private record Steps(int modulus, int scale) {
        Steps(BigDecimal step, int scale) {
            this(checked(step.setScale(scale).unscaledValue()), scale);
        }

        private static int checked(BigInteger modulus) {
            if (modulus.compareTo(BigInteger.valueOf(MOST_REMAINDERS)) > 0) {
                throw SchemaShape.wrong("multipleOf", "its digits come to more than " + MOST_REMAINDERS);
            }
            return modulus.intValue();
        }

        int next(int remainder, int digit) {
            return (int) ((10L * remainder + digit) % modulus);
        }

        boolean isEven(int remainder, int digits) {
            int r = remainder;
            for (int i = digits; i < scale; i++) r = next(r, 0);
            return r == 0;
        }
    }

    /** A bound of a magnitude, as digits. {@code above}, {@code below}: a value that equals it is out. */
    private record Bound(String whole, String part, boolean above, boolean below) {
        Bound(BigDecimal value, boolean above, boolean below) {
            this(
                    value.toBigInteger().toString(),
                    digitsBehind(value.remainder(BigDecimal.ONE).stripTrailingZeros()),
                    above,
                    below);
        }

        private static String digitsBehind(BigDecimal part) {
            if (part.signum() == 0) return "";
            String plain = part.abs().toPlainString();
            return plain.substring(plain.indexOf('.') + 1);
        }

        /** How the digits so far stand to it (-1, 0, 1), with one more before the point; {@code at} came before. */
        int whole(int order, int at, int digit) {
            if (at >= whole.length()) return 1;
            return order != 0 ? order : Integer.compare(digit, whole.charAt(at) - '0');
        }

        /** The same when no more digits come before the point. */
        int wholeDone(int order, int count) {
            return count < whole.length() ? -1 : count > whole.length() ? 1 : order;
        }

        int part(int order, int at, int digit) {
            if (order != 0) return order;
            return at < part.length() ? Integer.compare(digit, part.charAt(at) - '0') : Integer.signum(digit);
        }

        int done(int order, int digits) {
            return order == 0 && digits < part.length() ? -1 : order;
        }
    }

    /** Magnitudes of one sign. @param high null: none */
    private record Side(Bound low, Bound high) {
        int wholeDigits() {
            int most = Math.max(MOST_DIGITS, low.whole().length());
            return high == null ? most : Math.max(most, high.whole().length());
        }
    }

    private enum Place {
        FIRST,
        MINUS,
        WHOLE,
        POINT,
        PART,
        E,
        E_SIGN,
        E_DIGITS
    }

    /**
     * @param digits in this place
     * @param low    how the magnitude so far stands to the lower bound
     */
    private record At(Place place, boolean minus, boolean zero, int digits, int low, int high, int remainder) {}

    private record Digits(Side plus, Side minus, Steps steps, int scale, boolean exponent)
            implements CharDfa.Machine<At> {
        private static final int MOST_EXPONENT = 2;

        @Override
        public At first() {
            return new At(Place.FIRST, false, false, 0, 0, 0, 0);
        }

        private Side side(At at) {
            return at.minus ? minus : plus;
        }

        @Override
        public At next(At at, int c) {
            boolean digit = c >= '0' && c <= '9';
            return switch (at.place) {
                case FIRST -> c == '-' && minus != null ? new At(Place.MINUS, true, false, 0, 0, 0, 0) : begin(at, c);
                case MINUS -> begin(at, c);
                case WHOLE -> {
                    if (digit) yield at.zero || at.digits >= side(at).wholeDigits() ? null : whole(at, c - '0', false);
                    if (c == '.' && scale > 0) yield point(at);
                    yield e(at, c);
                }
                case POINT, PART -> {
                    if (digit) yield at.digits >= Math.max(scale, deepest(at)) ? null : part(at, c - '0');
                    yield at.place == Place.PART ? e(at, c) : null;
                }
                case E -> {
                    if (c == '+' || c == '-') yield new At(Place.E_SIGN, at.minus, false, 0, 0, 0, 0);
                    yield digit ? new At(Place.E_DIGITS, at.minus, false, 1, 0, 0, 0) : null;
                }
                case E_SIGN -> digit ? new At(Place.E_DIGITS, at.minus, false, 1, 0, 0, 0) : null;
                case E_DIGITS ->
                    digit && at.digits < MOST_EXPONENT
                            ? new At(Place.E_DIGITS, at.minus, false, at.digits + 1, 0, 0, 0)
                            : null;
            };
        }

        /** Digits behind the point that a bound has, so that there is always a number between two. */
        private int deepest(At at) {
            if (steps != null) return 0;
            Side side = side(at);
            int high = side.high() == null ? 0 : side.high().part().length();
            return Math.max(side.low().part().length(), high) + 1;
        }

        private At begin(At at, int c) {
            if (c < '0' || c > '9' || side(at) == null) return null;
            return whole(at, c - '0', c == '0');
        }

        private At whole(At at, int digit, boolean zero) {
            Side side = side(at);
            int count = at.place == Place.WHOLE ? at.digits : 0;
            int low = side.low().whole(at.low, count, digit);
            int high = side.high() == null ? -1 : side.high().whole(at.high, count, digit);
            return new At(Place.WHOLE, at.minus, zero, count + 1, low, high, remainder(at, digit));
        }

        private int remainder(At at, int digit) {
            return steps == null ? 0 : steps.next(at.remainder, digit);
        }

        private At point(At at) {
            Side side = side(at);
            int low = side.low().wholeDone(at.low, at.digits);
            int high = side.high() == null ? -1 : side.high().wholeDone(at.high, at.digits);
            return new At(Place.POINT, at.minus, false, 0, low, high, at.remainder);
        }

        private At part(At at, int digit) {
            Side side = side(at);
            int low = side.low().part(at.low, at.digits, digit);
            int high = side.high() == null ? -1 : side.high().part(at.high, at.digits, digit);
            return new At(Place.PART, at.minus, false, at.digits + 1, low, high, remainder(at, digit));
        }

        private At e(At at, int c) {
            return exponent && (c == 'e' || c == 'E') ? new At(Place.E, at.minus, false, 0, 0, 0, 0) : null;
        }

        @Override
        public boolean ends(At at) {
            if (at.place == Place.E_DIGITS) return true;
            if (at.place != Place.WHOLE && at.place != Place.PART) return false;
            At done = at.place == Place.WHOLE ? point(at) : at;
            Side side = side(at);
            int low = side.low().done(done.low, done.digits);
            if (low < 0 || (low == 0 && side.low().above())) return false;
            if (side.high() != null) {
                int high = side.high().done(done.high, done.digits);
                if (high > 0 || (high == 0 && side.high().below())) return false;
            }
            return steps == null || steps.isEven(done.remainder, done.digits);
        }
    }
}
