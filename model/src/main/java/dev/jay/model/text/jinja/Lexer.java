// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Source to tokens, with the whitespace rules of {@code trim_blocks} and {@code lstrip_blocks}: a line break behind a
 * block or comment is dropped, so is white space between the start of a line and a block or comment; '-' strips on its
 * side up to the next visible character, '+' keeps.
 */
final class Lexer {
    private final String source;
    private final Limits limits;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    /** Whether what was last consumed ended a line (or nothing was): only then may white space before a block go. */
    private boolean lineStarting = true;

    private Lexer(String source, Limits limits) {
        this.source = source;
        this.limits = limits;
    }

    static List<Token> tokens(String source, Limits limits) {
        if (source.length() > limits.sourceChars()) {
            throw new TemplateException(
                    TemplateException.Cause.LIMIT,
                    1,
                    "reading the template: characters=" + source.length() + ", allowed<=" + limits.sourceChars());
        }
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        if (lines.endsWith("\n")) lines = lines.substring(0, lines.length() - 1);
        Lexer lexer = new Lexer(lines, limits);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                addText(source.substring(at));
                at = source.length();
                break;
            }
            char kind = source.charAt(tag + 1);
            boolean raw = kind == '%' && rawBody(tag) >= 0;
            addText(before(at, tag, kind != '{'));
            moveTo(tag);
            switch (kind) {
                case '#' -> comment();
                case '%' -> {
                    if (raw) raw();
                    else tag(Token.Kind.BLOCK_BEGIN, Token.Kind.BLOCK_END, "%}");
                }
                default -> tag(Token.Kind.OUTPUT_BEGIN, Token.Kind.OUTPUT_END, "}}");
            }
        }
        tokens.add(new Token(Token.Kind.END, "", null, line));
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char c = source.charAt(i + 1);
            if (c == '%' || c == '{' || c == '#') return i;
        }
        return -1;
    }

    /** The text in front of the tag that begins at {@code tag}, without what its sign or lstrip takes away. */
    private String before(int from, int tag, boolean lstrip) {
        char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
        if (sign == '-') return source.substring(from, Chars.stripEnd(source, from, tag));
        if (sign == '+' || !lstrip) return source.substring(from, tag);
        int start = tag;
        while (start > from && source.charAt(start - 1) != '\n') start--;
        boolean atLineStart = start > from || lineStarting;
        if (atLineStart && Chars.stripEnd(source, start, tag) == start) return source.substring(from, start);
        return source.substring(from, tag);
    }

    private void addText(String text) {
        if (!text.isEmpty()) tokens.add(new Token(Token.Kind.TEXT, text, null, line));
    }

    /** Moves on, counting lines. */
    private void moveTo(int target) {
        for (int i = source.indexOf('\n', at); i >= 0 && i < target; i = source.indexOf('\n', i + 1)) line++;
        if (target > at) lineStarting = source.charAt(target - 1) == '\n';
        at = target;
    }

    /** Moves behind the closing bracket at {@code end}; the sign is what stands in front of it. */
    private void close(int end, char sign, boolean trimLine) {
        int target = end + 2;
        if (sign == '-') target = Chars.skipSpace(source, target);
        else if (sign != '+' && trimLine && target < source.length() && source.charAt(target) == '\n') target++;
        moveTo(target);
    }

    private void comment() {
        int body = at + 2;
        if (body < source.length() && (source.charAt(body) == '-' || source.charAt(body) == '+')) body++;
        int end = source.indexOf("#}", body);
        if (end < 0) throw error("expected '#}' to close the comment, got end of template");
        close(end, end > body ? source.charAt(end - 1) : ' ', true);
    }

    /** Where the body of a raw block begins, or -1 if no raw block begins at {@code tag}. */
    private int rawBody(int tag) {
        int i = tag + 2;
        if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) i++;
        i = Chars.skipSpace(source, i);
        if (!source.startsWith("raw", i)) return -1;
        i = Chars.skipSpace(source, i + 3);
        if (source.startsWith("-%}", i)) return Chars.skipSpace(source, i + 3);
        return source.startsWith("%}", i) ? i + 2 : -1;
    }

    private void raw() {
        int body = rawBody(at);
        int begin = line;
        for (int tag = source.indexOf("{%", body); tag >= 0; tag = source.indexOf("{%", tag + 2)) {
            int i = tag + 2;
            if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) i++;
            i = Chars.skipSpace(source, i);
            if (!source.startsWith("endraw", i)) continue;
            i = Chars.skipSpace(source, i + 6);
            if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) i++;
            if (!source.startsWith("%}", i)) continue;
            moveTo(body);
            addText(before(body, tag, true));
            close(i, source.charAt(i - 1), true);
            return;
        }
        throw new TemplateException(TemplateException.Cause.SYNTAX, begin, "'{% raw %}' has no '{% endraw %}'");
    }

    private void tag(Token.Kind begin, Token.Kind end, String bracket) {
        tokens.add(new Token(begin, source.substring(at, at + 2), null, line));
        int opened = line;
        int start = at + 2;
        if (start < source.length() && (source.charAt(start) == '-' || source.charAt(start) == '+')) start++;
        moveTo(start);
        CodeLexer code = new CodeLexer(source, limits, tokens, bracket);
        int stop = code.run(at, line);
        if (stop < 0) {
            throw new TemplateException(
                    TemplateException.Cause.SYNTAX,
                    opened,
                    "expected '" + bracket + "' to close the tag, got end of template");
        }
        moveTo(stop);
        tokens.add(new Token(end, bracket, null, line));
        close(stop, source.charAt(stop - 1), end == Token.Kind.BLOCK_END);
    }

    private TemplateException error(String what) {
        return new TemplateException(TemplateException.Cause.SYNTAX, line, what);
    }
}
