// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The inside of one tag to tokens. */
final class CodeLexer {
    private static final String[] OPERATORS = {
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".", ":", "|", ",", ";"
    };

    private final String source;
    private final Limits limits;
    private final List<Token> tokens;
    private final String bracket;
    private final Deque<Character> open = new ArrayDeque<>();
    private int at;
    private int line;

    CodeLexer(String source, Limits limits, List<Token> tokens, String bracket) {
        this.source = source;
        this.limits = limits;
        this.tokens = tokens;
        this.bracket = bracket;
    }

    /** Reads up to the closing bracket, which is where it stands in the answer (behind its sign); -1 if there is none. */
    int run(int from, int startLine) {
        at = from;
        line = startLine;
        while (at < source.length()) {
            char c = source.charAt(at);
            if (open.isEmpty()) {
                if (source.startsWith(bracket, at)) return at;
                boolean sign = c == '-' || c == '+' && bracket.equals("%}");
                if (sign && source.startsWith(bracket, at + 1)) return at + 1;
            }
            if (Chars.isSpace(c)) {
                if (c == '\n') line++;
                at++;
            } else if (isDigit(c)) {
                number();
            } else if (Chars.isNameStart(source.codePointAt(at))) {
                name();
            } else if (c == '\'' || c == '"') {
                string(c);
            } else {
                operator();
            }
        }
        return -1;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private void add(Token.Kind kind, String text, Object value) {
        tokens.add(new Token(kind, text, value, line));
    }

    private void name() {
        int end = at;
        while (end < source.length() && Chars.isNamePart(source.codePointAt(end))) {
            end += Character.charCount(source.codePointAt(end));
        }
        add(Token.Kind.NAME, source.substring(at, end), null);
        at = end;
    }

    private void operator() {
        for (String operator : OPERATORS) {
            if (!source.startsWith(operator, at)) continue;
            balance(operator.charAt(0));
            add(Token.Kind.OPERATOR, operator, null);
            at += operator.length();
            return;
        }
        String shown = Character.toString(source.codePointAt(at));
        throw error("expected an expression, got character '" + shown + "'");
    }

    private void balance(char c) {
        if (c == '(') open.push(')');
        else if (c == '[') open.push(']');
        else if (c == '{') open.push('}');
        else if (c == ')' || c == ']' || c == '}') {
            if (open.isEmpty()) throw error("unexpected '" + c + "'");
            char expected = open.pop();
            if (expected != c) throw error("expected '" + expected + "', got '" + c + "'");
        }
    }

    private int digits(int from) {
        int i = from;
        while (i < source.length()) {
            char c = source.charAt(i);
            boolean joined = c == '_' && i > from && i + 1 < source.length() && isDigit(source.charAt(i + 1));
            if (!isDigit(c) && !joined) break;
            i++;
        }
        return i;
    }

    private void number() {
        int radix = radix();
        if (radix != 10) {
            int end = at + 2;
            while (end < source.length() && Character.digit(source.charAt(end), radix) >= 0) end++;
            if (end == at + 2) throw error("number has no digits behind '" + source.substring(at, end) + "'");
            integer(source.substring(at + 2, end), radix, end);
            return;
        }
        int end = digits(at);
        boolean afterDot = !tokens.isEmpty() && tokens.getLast().isOperator(".");
        int fraction = !afterDot && source.startsWith(".", end) ? digits(end + 1) : end;
        if (fraction > end + 1) fraction = digits(end + 1);
        else fraction = end;
        int exponent = afterDot ? fraction : exponent(fraction);
        if (exponent == end) {
            String text = source.substring(at, end);
            if (text.length() > 1
                    && text.startsWith("0")
                    && !text.replace("_", "").matches("0+")) {
                throw error("integer '" + text + "' begins with 0");
            }
            integer(text.replace("_", ""), 10, end);
            return;
        }
        String text = source.substring(at, exponent);
        if (text.length() > 400) throw error("number has " + text.length() + " characters, allowed<=400");
        add(Token.Kind.FLOAT, text, Double.valueOf(text.replace("_", "")));
        at = exponent;
    }

    private int exponent(int from) {
        if (from >= source.length() || (source.charAt(from) | 0x20) != 'e') return from;
        int start = from + 1;
        if (start < source.length() && (source.charAt(start) == '+' || source.charAt(start) == '-')) start++;
        int end = digits(start);
        return end > start ? end : from;
    }

    private int radix() {
        if (source.charAt(at) != '0' || at + 1 >= source.length()) return 10;
        return switch (source.charAt(at + 1) | 0x20) {
            case 'x' -> 16;
            case 'o' -> 8;
            case 'b' -> 2;
            default -> 10;
        };
    }

    private void integer(String digits, int radix, int end) {
        if (digits.length() > limits.integerBits() / 4) {
            throw error("integer has " + digits.length() + " digits, allowed<=" + limits.integerBits() / 4);
        }
        add(Token.Kind.INTEGER, source.substring(at, end), Numbers.normal(new BigInteger(digits, radix)));
        at = end;
    }

    private void string(char quote) {
        int begin = line;
        StringBuilder text = new StringBuilder();
        int i = at + 1;
        while (true) {
            if (i >= source.length()) {
                throw new TemplateException(
                        TemplateException.Cause.SYNTAX, begin, "expected " + quote + " to close the string");
            }
            char c = source.charAt(i);
            if (c == quote) break;
            if (c == '\n') line++;
            if (c == '\\' && i + 1 < source.length()) {
                i = escape(i + 1, text);
            } else {
                text.append(c);
                i++;
            }
        }
        tokens.add(new Token(Token.Kind.STRING, text.toString(), text.toString(), begin));
        at = i + 1;
    }

    /** The escape whose letter is at {@code i}, as Python reads it; answers what follows. */
    private int escape(int i, StringBuilder text) {
        char c = source.charAt(i);
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'a' -> text.append('\u0007');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'v' -> text.append('\u000b');
            case '\\', '\'', '"' -> text.append(c);
            case '\n' -> line++;
            case 'x' -> {
                return hex(i + 1, 2, text);
            }
            case 'u' -> {
                return hex(i + 1, 4, text);
            }
            case 'U' -> {
                return hex(i + 1, 8, text);
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int end = i;
                int code = 0;
                while (end < i + 3 && end < source.length() && Character.digit(source.charAt(end), 8) >= 0) {
                    code = code * 8 + Character.digit(source.charAt(end++), 8);
                }
                text.append((char) code);
                return end;
            }
            default -> text.append('\\').append(c);
        }
        return i + 1;
    }

    private int hex(int from, int count, StringBuilder text) {
        int code = 0;
        for (int i = from; i < from + count; i++) {
            int digit = i < source.length() ? Character.digit(source.charAt(i), 16) : -1;
            if (digit < 0) throw error("escape in a string needs " + count + " hexadecimal digits");
            code = code << 4 | digit;
        }
        if (!Character.isValidCodePoint(code)) {
            throw error("escape in a string names U+" + Integer.toHexString(code) + ", allowed<=U+10ffff");
        }
        text.appendCodePoint(code);
        return from + count;
    }

    private TemplateException error(String what) {
        return new TemplateException(TemplateException.Cause.SYNTAX, line, what);
    }
}
