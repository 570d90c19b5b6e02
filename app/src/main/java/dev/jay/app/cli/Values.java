// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that say what is allowed when they refuse. */
final class Values {
    private Values() {}

    /** A whole number, 1 or more. */
    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return whole(text, 1, "1 or more");
        }
    }

    /** A whole number, 0 or more. */
    static final class NotNegative implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return whole(text, 0, "0 or more");
        }
    }

    /** From 0 to 1. */
    static final class Fraction implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return real(text, 0, 1);
        }
    }

    /** From 0 to 100. */
    static final class Temperature implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return real(text, 0, 100);
        }
    }

    /** From -100 to 100. */
    static final class Penalty implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return real(text, -100, 100);
        }
    }

    /** More than 0, at most 100. */
    static final class Positive implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            double value = real(text, 0, 100);
            if (value == 0) throw wrong(text, "a number more than 0, at most 100");
            return value;
        }
    }

    /** Bytes: {@code 512m}, {@code 4g}, {@code 4GiB}, {@code 1048576}; k, m, g and t are powers of 1024. */
    static final class Size implements ITypeConverter<Long> {
        private static final String UNITS = "kmgt";

        @Override
        public Long convert(String text) {
            String lower = text.toLowerCase(Locale.ROOT);
            int digits = 0;
            while (digits < lower.length() && Character.isDigit(lower.charAt(digits))) digits++;
            String unit = lower.substring(digits).replaceFirst("i?b$", "");
            int power = unit.isEmpty() ? 0 : UNITS.indexOf(unit) + 1;
            boolean isSize = digits > 0 && digits <= 15 && unit.length() <= 1 && (unit.isEmpty() || power > 0);
            if (!isSize) throw wrong(text, "a size such as 512m or 4g");
            try {
                return Math.multiplyExact(Long.parseLong(lower.substring(0, digits)), 1L << (10 * power));
            } catch (ArithmeticException e) {
                throw wrong(text, "a size such as 512m or 4g");
            }
        }
    }

    private static int whole(String text, int least, String allowed) {
        try {
            int value = Integer.parseInt(text.strip());
            if (value >= least) return value;
        } catch (NumberFormatException e) {
            throw wrong(text, "a whole number, " + allowed);
        }
        throw wrong(text, "a whole number, " + allowed);
    }

    private static double real(String text, double least, double most) {
        String allowed = String.format(Locale.ROOT, "a number from %.0f to %.0f", least, most);
        try {
            double value = Double.parseDouble(text.strip());
            if (value >= least && value <= most) return value;
        } catch (NumberFormatException e) {
            throw wrong(text, allowed);
        }
        throw wrong(text, allowed);
    }

    private static TypeConversionException wrong(String text, String allowed) {
        return new TypeConversionException("got '" + text + "', allowed: " + allowed);
    }
}
