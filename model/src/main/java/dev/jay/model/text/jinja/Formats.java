// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Tuple;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code '%s' % x} and {@code '{}'.format(x)}. */
final class Formats {
    private static final String PERCENT = "formatting with '%'";
    private static final String BRACES = "formatting with '{}'";
    private static final int PRECISION = 300;

    private Formats() {}

    /** How one value is to be written; precision -1 where not given. */
    private record Spec(
            String fill,
            char align,
            char sign,
            boolean alternate,
            boolean comma,
            int width,
            int precision,
            char type) {}

    static String percent(Run run, String format, Object given) {
        List<?> values = given instanceof Tuple tuple ? tuple.items() : java.util.Collections.singletonList(given);
        Text out = Text.value(run, PERCENT);
        int used = 0;
        boolean named = false;
        for (int i = 0; i < format.length(); ) {
            int at = format.indexOf('%', i);
            if (at < 0) at = format.length();
            out.add(format, i, at);
            if (at == format.length()) break;
            i = at + 1;
            Object value = Args.ABSENT;
            if (format.startsWith("(", i)) {
                int close = format.indexOf(')', i);
                if (close < 0 || !(given instanceof Map<?, ?> map))
                    throw run.error(PERCENT + ": '%(' needs ')' and a dict");
                String key = format.substring(i + 1, close);
                if (!map.containsKey(key)) throw run.error(PERCENT + ": no key '" + key + "'");
                value = map.get(key);
                named = true;
                i = close + 1;
            }
            int end = i;
            while (end < format.length() && "-+ #0123456789.".indexOf(format.charAt(end)) >= 0) end++;
            if (end == format.length()) throw run.error(PERCENT + ": '%' without a type at the end");
            char type = format.charAt(end);
            if (type == '%') {
                out.add('%');
            } else {
                if (value == Args.ABSENT) {
                    if (used >= values.size()) throw run.error(PERCENT + ": arguments=" + values.size() + ", too few");
                    value = values.get(used++);
                }
                out.add(written(run, percentSpec(run, format.substring(i, end), type), value, PERCENT));
            }
            i = end + 1;
        }
        boolean spare = given instanceof Map<?, ?> || named;
        if (!spare && used < values.size()) {
            throw run.error(PERCENT + ": arguments=" + values.size() + ", used=" + used);
        }
        return out.made();
    }

    private static Spec percentSpec(Run run, String flags, char type) {
        int i = 0;
        while (i < flags.length() && "-+ #0".indexOf(flags.charAt(i)) >= 0) i++;
        String set = flags.substring(0, i);
        int dot = flags.indexOf('.', i);
        int width = number(run, flags.substring(i, dot < 0 ? flags.length() : dot), 0, run.limits.valueChars());
        int precision = dot < 0 ? -1 : number(run, flags.substring(dot + 1), 0, PRECISION);
        boolean left = set.contains("-");
        boolean numeric = "sra".indexOf(type) < 0;
        boolean zeros = set.contains("0") && numeric && !left;
        char sign = set.contains("+") ? '+' : set.contains(" ") ? ' ' : '-';
        char align = left ? '<' : zeros ? '=' : '>';
        return new Spec(zeros ? "0" : " ", align, sign, set.contains("#"), false, width, precision, type);
    }

    private static int number(Run run, String digits, int otherwise, int allowed) {
        if (digits.isEmpty()) return otherwise;
        if (!digits.chars().allMatch(c -> c >= '0' && c <= '9'))
            throw run.error("formatting: bad number '" + digits + "'");
        if (digits.length() > 9 || Integer.parseInt(digits) > allowed) {
            throw run.over(
                    "formatting",
                    "width or precision",
                    digits.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(digits),
                    allowed);
        }
        return Integer.parseInt(digits);
    }

    static String braces(Run run, String format, Args args) {
        Text out = Text.value(run, BRACES);
        int next = 0;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '{' && c != '}') {
                out.add(c);
            } else if (i + 1 < format.length() && format.charAt(i + 1) == c) {
                out.add(c);
                i++;
            } else {
                int close = c == '}' ? -1 : format.indexOf('}', i);
                if (close < 0) throw run.error(BRACES + ": '" + c + "' has no partner");
                String field = format.substring(i + 1, close);
                if (field.indexOf('{') >= 0) throw run.error(BRACES + ": a field in a field is not supported");
                int colon = field.indexOf(':');
                String name = colon < 0 ? field : field.substring(0, colon);
                boolean repr = name.endsWith("!r");
                if (repr || name.endsWith("!s")) name = name.substring(0, name.length() - 2);
                boolean numbered = name.isEmpty() || name.startsWith(".") || name.startsWith("[");
                Object value = field(run, numbered ? next++ + name : name, args);
                if (repr) value = Repr.of(run, value);
                out.add(
                        colon < 0
                                ? Py.text(run, value)
                                : written(run, spec(run, field.substring(colon + 1), value), value, BRACES));
                i = close;
            }
        }
        return out.made();
    }

    private static Object field(Run run, String path, Args args) {
        int end = 0;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') end++;
        String name = path.substring(0, end);
        Object value;
        if (!name.isEmpty() && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            int place = number(run, name, 0, 1000);
            if (place >= args.positional().size()) {
                throw run.error(BRACES + ": arguments=" + args.positional().size() + ", wanted place=" + place);
            }
            value = args.positional().get(place);
        } else {
            if (!args.named().containsKey(name)) throw run.error(BRACES + ": no argument '" + name + "'");
            value = args.named().get(name);
        }
        while (end < path.length()) {
            boolean item = path.charAt(end) == '[';
            int stop = end + 1;
            while (stop < path.length()
                    && (item ? path.charAt(stop) != ']' : path.charAt(stop) != '.' && path.charAt(stop) != '[')) stop++;
            String part = path.substring(end + 1, stop);
            value = item ? ListFilters.attribute(run, value, part) : Access.attribute(run, value, part);
            Py.defined(run, value);
            end = item ? stop + 1 : stop;
        }
        return value;
    }

    /** {@code [[fill]align][sign][#][0][width][,][.precision][type]}. */
    private static Spec spec(Run run, String text, Object value) {
        int i = 0;
        String fill = " ";
        char align = Numbers.isNumber(value) && !(value instanceof Boolean) ? '>' : '<';
        int first = text.isEmpty() ? 0 : Character.charCount(text.codePointAt(0));
        if (text.length() > first && "<>=^".indexOf(text.charAt(first)) >= 0) {
            fill = text.substring(0, first);
            align = text.charAt(first);
            i = first + 1;
        } else if (!text.isEmpty() && "<>=^".indexOf(text.charAt(0)) >= 0) {
            align = text.charAt(0);
            i = 1;
        }
        char sign = i < text.length() && "+- ".indexOf(text.charAt(i)) >= 0 ? text.charAt(i++) : '-';
        boolean alternate = i < text.length() && text.charAt(i) == '#';
        if (alternate) i++;
        if (i < text.length() && text.charAt(i) == '0') {
            fill = "0";
            align = '=';
            i++;
        }
        int end = digits(text, i);
        int width = number(run, text.substring(i, end), 0, run.limits.valueChars());
        boolean comma = end < text.length() && text.charAt(end) == ',';
        i = comma ? end + 1 : end;
        int precision = -1;
        if (i < text.length() && text.charAt(i) == '.') {
            end = digits(text, i + 1);
            precision = number(run, text.substring(i + 1, end), 0, PRECISION);
            i = end;
        }
        if (text.length() - i > 1) throw run.error(BRACES + ": bad specification '" + text + "'");
        char standard =
                value instanceof Double ? 'R' : Numbers.isInteger(value) && !(value instanceof Boolean) ? 'd' : 's';
        return new Spec(
                fill, align, sign, alternate, comma, width, precision, i < text.length() ? text.charAt(i) : standard);
    }

    private static int digits(String text, int from) {
        int i = from;
        while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') i++;
        return i;
    }

    private static String written(Run run, Spec spec, Object value, String doing) {
        String body;
        String sign = "";
        switch (spec.type) {
            case 's', 'r', 'a' -> {
                body = spec.type == 's' ? Py.text(run, value) : Repr.of(run, value);
                if (spec.precision >= 0 && Py.length(run, body) > spec.precision) {
                    body = Sequences.characters(run, body, 0, spec.precision, 1);
                }
            }
            case 'c' -> body = value instanceof String s ? s : character(run, value, doing);
            default -> {
                if (!Numbers.isNumber(value)) {
                    Py.defined(run, value);
                    throw run.error(doing + ": type '" + spec.type + "' needs a number, got " + Py.describe(value));
                }
                boolean negative = value instanceof Double d ? d < 0 || 1 / d < 0 : Numbers.compare(value, 0L) < 0;
                body = magnitude(run, spec, negative ? Numbers.negate(run, value) : value, doing);
                sign = negative ? "-" : spec.sign == '-' ? "" : String.valueOf(spec.sign);
            }
        }
        long missing = (long) spec.width - sign.length() - body.codePointCount(0, body.length());
        Text out = Text.value(run, doing);
        switch (spec.align) {
            case '<' -> out.add(sign).add(body).repeat(spec.fill, missing);
            case '^' -> out.repeat(spec.fill, missing / 2).add(sign).add(body).repeat(spec.fill, missing - missing / 2);
            case '=' -> out.add(sign).repeat(spec.fill, missing).add(body);
            default -> out.repeat(spec.fill, missing).add(sign).add(body);
        }
        return out.made();
    }

    private static String character(Run run, Object value, String doing) {
        long code = Args.integer(run, doing, value, 0);
        if (code < 0 || code > Character.MAX_CODE_POINT) {
            throw run.error(doing + ": code point=" + code + ", allowed: 0 to " + Character.MAX_CODE_POINT);
        }
        return Character.toString((int) code);
    }

    private static String magnitude(Run run, Spec spec, Object value, String doing) {
        return switch (spec.type) {
            case 'd', 'i', 'u' -> {
                Object whole = value instanceof Double d ? Numbers.truncate(d) : value;
                if (whole == null) throw run.error(doing + ": no integer in " + Py.describe(value));
                yield grouped(Numbers.big(whole).toString(), spec.comma);
            }
            case 'x', 'X', 'o', 'b' -> {
                if (!Numbers.isInteger(value))
                    throw run.error(doing + ": type needs an integer, got " + Py.describe(value));
                BigInteger whole = Numbers.big(value);
                int radix = spec.type == 'o' ? 8 : spec.type == 'b' ? 2 : 16;
                String digits = (spec.alternate ? "0" + spec.type : "") + whole.toString(radix);
                yield spec.type == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
            }
            case 'f', 'F', '%' -> {
                double d = Numbers.real(value) * (spec.type == '%' ? 100 : 1);
                String plain = finite(d) ? scaled(d, spec.precision < 0 ? 6 : spec.precision) : Numbers.text(d);
                yield grouped(plain, spec.comma) + (spec.type == '%' ? "%" : "");
            }
            case 'e', 'E' -> exponential(Numbers.real(value), spec.precision < 0 ? 6 : spec.precision, spec.type);
            case 'g', 'G', 'R' -> general(spec, Numbers.real(value));
            default -> throw run.error(doing + ": unknown type '" + spec.type + "'");
        };
    }

    private static boolean finite(double d) {
        return !Double.isNaN(d) && !Double.isInfinite(d);
    }

    private static String scaled(double d, int places) {
        return new BigDecimal(d).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static String exponential(double d, int places, char letter) {
        if (!finite(d)) return Numbers.text(d);
        BigDecimal exact = new BigDecimal(d).round(new java.math.MathContext(places + 1, RoundingMode.HALF_EVEN));
        int exponent = d == 0 ? 0 : exact.precision() - exact.scale() - 1;
        String digits = exact.unscaledValue().toString();
        StringBuilder all = new StringBuilder(d == 0 ? "0" : digits);
        while (all.length() < places + 1) all.append('0');
        if (places > 0) all.insert(1, '.');
        String size = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        return all.append(letter).append(exponent < 0 ? '-' : '+').append(size).toString();
    }

    private static String general(Spec spec, double d) {
        if (spec.type == 'R' && spec.precision < 0) return grouped(Numbers.text(d), spec.comma);
        if (!finite(d)) return Numbers.text(d);
        int digits = spec.precision < 0 ? 6 : Math.max(1, spec.precision);
        BigDecimal rounded = new BigDecimal(d).round(new java.math.MathContext(digits, RoundingMode.HALF_EVEN));
        int exponent = d == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < digits) return grouped(d == 0 ? "0" : plain(rounded), spec.comma);
        String text = exponential(d, digits - 1, spec.type == 'G' ? 'E' : 'e');
        int e = text.length() - 4;
        while (e > 0 && Character.toLowerCase(text.charAt(e)) != 'e') e--;
        String mantissa = text.substring(0, e);
        while (mantissa.contains(".") && (mantissa.endsWith("0") || mantissa.endsWith("."))) {
            boolean point = mantissa.endsWith(".");
            mantissa = mantissa.substring(0, mantissa.length() - 1);
            if (point) break;
        }
        return mantissa + text.substring(e);
    }

    private static String plain(BigDecimal value) {
        return value.stripTrailingZeros().toPlainString();
    }

    private static String grouped(String number, boolean comma) {
        if (!comma) return number;
        int point = number.indexOf('.') < 0 ? number.length() : number.indexOf('.');
        StringBuilder out = new StringBuilder(number);
        for (int i = point - 3; i > 0; i -= 3) out.insert(i, ',');
        return out.toString();
    }
}
