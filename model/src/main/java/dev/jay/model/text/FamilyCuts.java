// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.text.regex.Regex;
import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/**
 * Families whose text is cut by expressions of their own: as their tokenizer.json has them, one after another. Where an
 * expression is another family's scanner, its name stands in angle brackets.
 */
final class FamilyCuts {
    /** A contraction behind a word, in any case. */
    private static final String TAIL = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** Words by their case, then numbers of up to so many digits: GPT-4o and those after it. */
    private static String byCase(String upper, String lower, String tail, String digits, String signs) {
        String front = "[^\\r\\n\\p{L}\\p{N}]?";
        return front + upper + "*" + lower + "+" + tail + "|" + front + upper + "+" + lower + "*" + tail + "|\\p{N}"
                + digits + "| ?[^\\s\\p{L}\\p{N}]+" + signs + SPACES;
    }

    private static final String GPT_4O = byCase(UPPER, LOWER, TAIL, "{1,3}", "[\\r\\n/]*");
    private static final String TEKKEN = byCase(UPPER, LOWER, "", "", "[\\r\\n/]*");
    private static final String KIMI = "[\\p{Han}]+|"
            + byCase(
                    UPPER.replace("]", "&&[^\\p{Han}]]"),
                    LOWER.replace("]", "&&[^\\p{Han}]]"),
                    TAIL,
                    "{1,3}",
                    "[\\r\\n]*");

    private static final String SIGN_AND_WORD = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" + SPACES;
    private static final String CHINESE_AND_KANA = "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+";
    private static final String ASIAN = "[\\x{4E00}-\\x{9FA5}\\x{0800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+";
    private static final String BLOOM =
            " ?[^(\\s|.,!?\\x{2026}\\x{3002}\\x{FF0C}\\x{3001}\\x{0964}\\x{06D4}\\x{060C})]+";

    private static final String DEEPSEEK_LETTERS =
            "A-Za-z\\x{00B5}\\x{00C0}-\\x{00D6}\\x{00D8}-\\x{00F6}\\x{00F8}-\\x{01BA}\\x{01BC}-\\x{01BF}"
                    + "\\x{01C4}-\\x{0293}\\x{0295}-\\x{02AF}\\x{0370}-\\x{0373}\\x{0376}\\x{0377}"
                    + "\\x{037B}-\\x{037D}\\x{037F}\\x{0386}\\x{0388}-\\x{038A}\\x{038C}\\x{038E}-\\x{03A1}"
                    + "\\x{03A3}-\\x{03F5}\\x{03F7}-\\x{0481}\\x{048A}-\\x{052F}\\x{0531}-\\x{0556}"
                    + "\\x{10A0}-\\x{10C5}\\x{13A0}-\\x{13F5}\\x{13F8}-\\x{13FD}\\x{1C90}-\\x{1CBA}"
                    + "\\x{1CBD}-\\x{1CBF}\\x{1D00}-\\x{1D2B}\\x{1D6B}-\\x{1D77}\\x{1D79}-\\x{1D9A}"
                    + "\\x{1E00}-\\x{1F15}\\x{1F18}-\\x{1F1D}\\x{1F20}-\\x{1F45}\\x{1F48}-\\x{1F4D}"
                    + "\\x{1F50}-\\x{1F57}\\x{1F59}\\x{1F5B}\\x{1F5D}\\x{1F5F}-\\x{1F7D}\\x{1F80}-\\x{1FB4}"
                    + "\\x{1FB6}-\\x{1FBC}\\x{1FBE}\\x{1FC2}-\\x{1FC4}\\x{1FC6}-\\x{1FCC}\\x{1FD0}-\\x{1FD3}"
                    + "\\x{1FD6}-\\x{1FDB}\\x{1FE0}-\\x{1FEC}\\x{1FF2}-\\x{1FF4}\\x{1FF6}-\\x{1FFC}\\x{2102}"
                    + "\\x{2107}\\x{210A}-\\x{2113}\\x{2115}\\x{2119}-\\x{211D}\\x{2124}\\x{2126}\\x{2128}"
                    + "\\x{212A}-\\x{212D}\\x{212F}-\\x{2134}\\x{2139}\\x{213C}-\\x{213F}\\x{2145}-\\x{2149}"
                    + "\\x{214E}\\x{2183}\\x{2184}\\x{2C00}-\\x{2C7B}\\x{2C7E}-\\x{2CE4}\\x{2CEB}-\\x{2CEE}"
                    + "\\x{2CF2}\\x{2CF3}\\x{A640}-\\x{A66D}\\x{A680}-\\x{A69B}\\x{A722}-\\x{A76F}"
                    + "\\x{A771}-\\x{A787}\\x{A78B}-\\x{A78E}\\x{AB70}-\\x{ABBF}\\x{FB00}-\\x{FB06}"
                    + "\\x{FB13}-\\x{FB17}\\x{FF21}-\\x{FF3A}\\x{FF41}-\\x{FF5A}\\x{10400}-\\x{1044F}"
                    + "\\x{104B0}-\\x{104D3}\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}"
                    + "\\x{118A0}-\\x{118DF}\\x{1E900}-\\x{1E943}";

    private static final String LLAMA_WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?";

    private FamilyCuts() {}

    static final Catalog.Entry<PreTokenizer> STARCODER =
            entry("starcoder", "every digit alone, then as GPT-2", "\\p{N}", "<gpt-2>");
    static final Catalog.Entry<PreTokenizer> FALCON = entry(
            "falcon",
            "runs of signs, then as GPT-2, then three digits",
            "[\\p{P}\\$\\+<=>\\^~\\|`]+",
            "<gpt-2>",
            "[0-9][0-9][0-9]");
    static final Catalog.Entry<PreTokenizer> DEEPSEEK_LLM = entry(
            "deepseek-llm",
            "lines, words, signs, Chinese, digits",
            "[\\r\\n]",
            "\\s?[" + DEEPSEEK_LETTERS + "]+",
            "\\s?[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3000}-\\x{3002}]+",
            "\\s+$",
            ASIAN,
            "\\p{N}+");
    static final Catalog.Entry<PreTokenizer> DEEPSEEK_CODER = entry(
            "deepseek-coder",
            "lines, words, signs, Chinese, every digit alone",
            "[\\r\\n]",
            "\\s?\\p{L}+",
            "\\s?\\p{P}+",
            ASIAN,
            "\\p{N}");
    static final Catalog.Entry<PreTokenizer> DEEPSEEK_3 = entry(
            "deepseek-v3",
            "three digits, Chinese and kana, a sign with the word behind it",
            "\\p{N}{1,3}",
            CHINESE_AND_KANA,
            SIGN_AND_WORD);
    static final Catalog.Entry<PreTokenizer> O200K = entry("gpt-4o", "words by their case, up to three digits", GPT_4O);
    static final Catalog.Entry<PreTokenizer> MISTRAL =
            whole("tekken", "words by their case, every digit alone, whole tokens first", true, TEKKEN);
    static final Catalog.Entry<PreTokenizer> KIMI_2 =
            entry("kimi-k2", "as GPT-4o, Chinese apart from other words", KIMI);
    static final Catalog.Entry<PreTokenizer> COHERE_2 = new Catalog.Entry<>(
            "tiny_aya",
            "thousands from the right, then as GPT-4o",
            args -> new Cascade(List.of(new Thousands(true), searched(GPT_4O)), false, false));
    static final Catalog.Entry<PreTokenizer> YOUTU = whole(
            "youtu",
            "Asian scripts apart, then words by their case",
            false,
            "[\\x{AC00}-\\x{D7A3}\\x{3131}-\\x{318E}]+"
                    + "|[\\x{FF01}\\x{2026}\\x{201C}\\x{201D}\\x{2018}\\x{2019}\\x{2014}\\x{FF1A}\\x{FF1B}\\x{FF0C}"
                    + "\\x{3001}-\\x{303F}\\x{FE30}-\\x{FE4F}]+|[\\x{3105}-\\x{312F}]+|" + CHINESE_AND_KANA,
            byCase(UPPER, LOWER, TAIL, "", "[\\r\\n/]*"));
    static final Catalog.Entry<PreTokenizer> BLOOM_3 = entry("bloom", "words up to a space or a sign", BLOOM);
    static final Catalog.Entry<PreTokenizer> VIKING = entry("viking", "as Bloom, every digit alone", BLOOM, "\\p{N}");
    static final Catalog.Entry<PreTokenizer> QWEN_35 = entry(
            "qwen35",
            "as Qwen 2, marks with their letters",
            LLAMA_WORDS + "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + SPACES);
    static final Catalog.Entry<PreTokenizer> BAILING = entry(
            "bailingmoe",
            "as Qwen 2, one end of line at a time",
            "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]"
                    + "|\\s+(?!\\S)|\\s+");
    static final Catalog.Entry<PreTokenizer> SEED_CODER = entry(
            "seed-coder",
            "as Qwen 2, signs without the end of line",
            LLAMA_WORDS + "\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + SPACES);
    static final Catalog.Entry<PreTokenizer> EXAONE_MOE = entry(
            "exaone-moe",
            "words with the words behind them",
            LLAMA_WORDS + "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]"
                    + "|\\s+(?!\\S)|\\s+");
    static final Catalog.Entry<PreTokenizer> MINICPM_5 = whole(
            "minicpm5",
            "three digits, then as Llama 3, whole tokens first",
            false,
            "\\p{N}{1,3}",
            LLAMA_WORDS + "\\p{L}+|\\p{N}+| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + SPACES);
    static final Catalog.Entry<PreTokenizer> SUPERBPE = new Catalog.Entry<>(
            "superbpe",
            "numbers, by thousands from the right; words are not cut",
            args -> new Cascade(List.of(searched("\\p{N}+"), new Thousands(false)), false, false));
    static final Catalog.Entry<PreTokenizer> LAGUNA =
            entry("laguna", "lines, then as Qwen 2", "[^\\n]+|[\\n]+", "<qwen2>");

    private static Catalog.Entry<PreTokenizer> entry(String name, String summary, String... expressions) {
        return new Catalog.Entry<>(name, summary, args -> make(false, false, expressions));
    }

    private static Catalog.Entry<PreTokenizer> whole(String name, String summary, boolean bos, String... expressions) {
        return new Catalog.Entry<>(name, summary, args -> make(true, bos, expressions));
    }

    private static PreTokenizer make(boolean wholeTokens, boolean bos, String... expressions) {
        List<Splitting.Pattern> patterns = new ArrayList<>();
        for (String expression : expressions) patterns.add(pattern(expression));
        return new Cascade(List.copyOf(patterns), wholeTokens, bos);
    }

    private static Splitting.Pattern pattern(String expression) {
        if (!expression.startsWith("<")) return searched(expression);
        return new ScannedPattern(PreTokenizers.ALL.make(expression.substring(1, expression.length() - 1)));
    }

    private static Splitting.Pattern searched(String expression) {
        return new Expressions.Searched(Regex.compile(expression));
    }
}
