// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.text.regex.Regex;
import dev.jay.model.text.regex.RegexException;
import dev.jay.model.text.regex.Search;
import java.util.Map;

/**
 * What a tokenizer.json looks for: a text, or a regular expression. The expressions that most models have are scanners;
 * the others are matched within a bound on steps.
 */
final class Expressions {
    static final String GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private static final String LLAMA_3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}DIGITS"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static final Map<String, PreTokenizer> SCANNED = Map.of(
            GPT_2,
            PreTokenizers.ALL.make("gpt-2"),
            LLAMA_3.replace("DIGITS", "{1,3}"),
            PreTokenizers.ALL.make("smaug-bpe"),
            LLAMA_3.replace("DIGITS", ""),
            PreTokenizers.ALL.make("qwen2"));

    private Expressions() {}

    /** What a step says under {@code pattern}: {@code {"String": ...}} or {@code {"Regex": ...}}. */
    static Splitting.Pattern of(PipelinePart part) {
        PipelinePart pattern = part.get("pattern");
        String source = pattern.optionalText("Regex").orElse(null);
        PreTokenizer scanner = source == null ? null : SCANNED.get(source);
        return scanner != null ? new ScannedPattern(scanner) : new Searched(regex(part));
    }

    /** The same as an expression. */
    static Regex regex(PipelinePart part) {
        PipelinePart pattern = part.get("pattern");
        String source = pattern.optionalText("Regex").orElseGet(() -> quoted(pattern.text("String")));
        try {
            return Regex.compile(source);
        } catch (RegexException e) {
            throw pattern.wrong("cannot be used: " + e.getMessage());
        }
    }

    private static String quoted(String text) {
        // an empty text is found nowhere
        return text.isEmpty() ? "(?!)" : text.replaceAll("[\\\\^$.|?*+()\\[\\]{}]", "\\\\$0");
    }

    /** Matches and what lies between them. */
    record Searched(Regex regex) implements Splitting.Pattern {
        @Override
        public void find(byte[] text, int from, int to, Splitting.Parts parts) {
            Search search = regex.over(text, from, to);
            int open = from;
            for (int at = from; at <= to && search.find(at); ) {
                if (open < search.start()) parts.part(open, search.start(), false);
                parts.part(search.start(), search.end(), true);
                open = search.end();
                at = open > search.start() || open == to ? open : open + Utf8.length(text[open]);
                if (open == to) break;
            }
            if (open < to) parts.part(open, to, false);
        }
    }

    /** A text with every match replaced. */
    static String replaceAll(Regex regex, String text, String content) {
        byte[] utf8 = Utf8.of(text);
        BoundedText out = new BoundedText(text.length());
        new Searched(regex)
                .find(utf8, 0, utf8.length, (from, to, found) -> out.add(found ? content : Utf8.text(utf8, from, to)));
        return out.toString();
    }
}
