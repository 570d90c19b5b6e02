// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.model.arch.AdapterLaws;
import dev.jay.model.arch.Architectures;
import dev.jay.model.arch.ModelsPage;
import dev.jay.model.load.QuantizerTest;
import dev.jay.model.text.FamilyCutsTest;
import dev.jay.model.text.PreTokenizers;
import dev.jay.model.text.TokenizerGoldenTest;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.Shared;
import dev.jay.tensor.format.GgmlBytesTest;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.train.block.FrozenWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The part of docs/models.md about what can be done with a model: a cell names the test whose list has it. */
final class FeaturesPage {
    private static final String CALLS = "engine/src/test/java/dev/jay/engine/CallTemplatesTest.java";
    private static final String ADAPTERS = "model/src/test/java/dev/jay/model/load/AdapterSetTest.java";
    private static final String GOLDENS = "model/src/test/java/dev/jay/model/text/TokenizerGoldenTest.java";
    private static final String CUTS = "model/src/test/java/dev/jay/model/text/FamilyCutsTest.java";
    private static final String GGML = "tensor/src/test/java/dev/jay/tensor/format/GgmlBytesTest.java";
    private static final String LAWS = "model/src/test/java/dev/jay/model/arch/";
    private static final Pattern ROW = Pattern.compile("\"([\\w.-]+)\\.jinja, ([\\w-]+), (?:true|false), (\\S+)\"");

    /** Whose template it is, by how its name begins; Command's architecture is none of Jay's. */
    private static final Map<String, String> FAMILY_OF = Map.ofEntries(
            Map.entry("NousResearch-Hermes-2-Pro-Llama-3-", "llama"),
            Map.entry("meta-llama-Llama-3", "llama"),
            Map.entry("mistralai-Mistral-Nemo-", "llama"),
            Map.entry("Qwen-Qwen2.5-", "qwen2"),
            Map.entry("deepseek-ai-DeepSeek-R1-Distill-Qwen-", "qwen2"),
            Map.entry("Qwen-Qwen3-", "qwen3"),
            Map.entry("HuggingFaceTB-SmolLM3-", "smollm3"),
            Map.entry("ibm-granite-granite-3", "granite"),
            Map.entry("microsoft-Phi-3", "phi3"),
            Map.entry("google-gemma-2-", "gemma2"),
            Map.entry("CohereForAI-c4ai-command-", ""));

    /** A chat template that the test of calls names. */
    private record Template(String name, String syntax, String thinking) {
        String family() {
            return FAMILY_OF.entrySet().stream()
                    .filter(e -> name.startsWith(e.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("whose template is it? " + name));
        }
    }

    private final StringBuilder page = new StringBuilder();
    private final List<Template> templates;

    private FeaturesPage(List<Template> templates) {
        this.templates = templates;
    }

    static String text() throws IOException {
        FeaturesPage p = new FeaturesPage(ROW.matcher(source(CALLS))
                .results()
                .map(m -> new Template(m.group(1), m.group(2), m.group(3)))
                .toList());
        p.families();
        p.syntaxes();
        p.structured();
        p.codecs();
        p.tokenizers();
        p.formats();
        return p.page.toString();
    }

    private static String source(String test) throws IOException {
        return Files.readString(Shared.root().resolve(test));
    }

    private static String link(String text, String test) {
        return "[" + text + "](../" + test + ")";
    }

    private void row(Object... cells) {
        for (Object cell : cells) page.append("| ").append(cell).append(' ');
        page.append("|\n");
    }

    private void head(String title, String told, String... columns) {
        page.append("\n## ").append(title).append("\n\n").append(told).append("\n\n");
        row((Object[]) columns);
        page.append("|---".repeat(columns.length)).append("|\n");
    }

    private void families() throws IOException {
        head(
                "Families and features",
                "A link is the test that holds it for this family. Adapters reach every matrix of attention and of an"
                        + " MLP, fused ones too; of experts and of what chooses among them they are refused by name. A"
                        + " cell is empty where no test names the family; a chat template is run as the file has it,"
                        + " whatever the family. The codecs are shared out among the families in turn.",
                "family",
                "files",
                "chat templates, their call syntax and thinking marks",
                "embeddings",
                "adapters (`--lora`)",
                "`jay tune`",
                "KV codecs");
        String adapters = source(ADAPTERS);
        for (String family : Architectures.ALL.names()) {
            List<String> files = new ArrayList<>(List.of(link("GGUF", LAWS + "PeerLogitsTest.java")));
            if (ModelsPage.isReadFromSafetensors(family)) {
                boolean isEncoder = ModelsPage.codecs(family).isEmpty();
                String test = isEncoder ? "SafetensorsEncoderTest.java" : "SafetensorsModelTest.java";
                files.add(link("safetensors", LAWS + test));
            }
            List<String> lora = new ArrayList<>();
            boolean isHeld =
                    AdapterLaws.families().stream().anyMatch(f -> f.equals(family) || f.startsWith(family + "("));
            if (isHeld) lora.add(link("yes", LAWS + "AdapterLaws.java"));
            if (adapters.contains("new Model(\"" + family + "\"")) lora.add(link("files", ADAPTERS));
            if (family.equals("llama")) { // what jay train writes
                lora.add(link("answers", "app/src/test/java/dev/jay/app/cli/TuneCommandTest.java"));
                lora.add(link("chosen by requests", "engine/src/test/java/dev/jay/engine/AdaptersTest.java"));
            }
            int codecs = ModelsPage.codecs(family).size();
            row(
                    "`" + family + "`",
                    String.join(", ", files),
                    templates(t -> t.family().equals(family), t -> " (" + t.syntax + marks(t) + ")"),
                    link("yes", "engine/src/test/java/dev/jay/engine/FamiliesTest.java"),
                    String.join(", ", lora),
                    FrozenWeights.FAMILIES.contains(family)
                            ? link("yes", "train/src/test/java/dev/jay/train/TunedGradientLaws.java")
                            : "",
                    codecs == 0
                            ? "keeps none"
                            : link(
                                    codecs == KvCodecs.ALL.names().size()
                                            ? "all"
                                            : String.join(", ", ModelsPage.codecs(family)),
                                    LAWS + "ArchitectureLaws.java"));
        }
    }

    private static String marks(Template t) {
        return t.thinking.equals("none") ? "" : ", `" + t.thinking + "`";
    }

    private String templates(Predicate<Template> which, Function<Template, String> more) {
        return templates.stream()
                .filter(which)
                .map(t -> link(t.name, CALLS) + more.apply(t))
                .collect(Collectors.joining(", "));
    }

    private void syntaxes() {
        head(
                "Call syntaxes",
                "Found in the text of a model's template, the first that fits. Written, read back and forced by "
                        + link(
                                "AnswerFormatLaws",
                                "engine/src/test/java/dev/jay/engine/sample/grammar/AnswerFormatLaws.java")
                        + "; the templates themselves, and more, are rendered as Jinja does by "
                        + link(
                                "ChatTemplateGoldenTest",
                                "model/src/test/java/dev/jay/model/text/ChatTemplateGoldenTest.java")
                        + ".",
                "syntax",
                "what it is",
                "found in the templates of");
        for (Catalog.Entry<?> e : CallSyntaxes.ALL.entries()) {
            String found = templates(t -> t.syntax.equals(e.name()), t -> "");
            row("`" + e.name() + "`", cell(e.summary()), found.isEmpty() ? "none at hand" : found);
        }
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;");
    }

    private void structured() {
        head(
                "Structured output",
                "For every family that generates: a mask on the logits, which knows tokens' texts and nothing of the"
                        + " family.",
                "what",
                "held by");
        String grammar = "engine/src/test/java/dev/jay/engine/sample/grammar/";
        Map<String, List<String>> held = new LinkedHashMap<>();
        held.put("JSON schema", List.of(grammar + "JsonSchemaLaws.java", grammar + "JsonSchemaTest.java"));
        held.put("regular expressions", List.of(grammar + "RegexLaws.java"));
        held.put("grammars (GBNF)", List.of(grammar + "GbnfTest.java", grammar + "GrammarFuzzTest.java"));
        held.put("through a whole model", List.of("engine/src/test/java/dev/jay/engine/StructuredAnswersTest.java"));
        held.put("calls of tools, over HTTP", List.of("app/src/test/java/dev/jay/app/http/ServerToolsTest.java"));
        held.forEach((what, tests) -> row(
                what,
                tests.stream()
                        .map(t -> link(t.substring(t.lastIndexOf('/') + 1).replace(".java", ""), t))
                        .collect(Collectors.joining(", "))));
    }

    private void codecs() {
        head(
                "KV codecs",
                "Each with itself and with its neighbour: what a query gets depends on its own position and on what"
                        + " lies before it, bit for bit ("
                        + link("KvAttentionLaws", "kv/src/test/java/dev/jay/kv/KvAttentionLaws.java") + ").",
                "codec",
                "what it is");
        for (Catalog.Entry<?> e : KvCodecs.ALL.entries()) row("`" + e.name() + "`", cell(e.summary()));
    }

    private void tokenizers() throws IOException {
        head(
                "Tokenizers",
                "A family does not fix its tokenizer: the file names it.",
                "kind",
                "what it is",
                "golden files, all exact");
        for (Catalog.Entry<?> e : Tokenizers.ALL.entries()) {
            List<String> goldens = TokenizerGoldenTest.goldens(e.name());
            row("`" + e.name() + "`", cell(e.summary()), link(String.join(", ", goldens), GOLDENS));
        }
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (Catalog.Entry<?> e : PreTokenizers.ALL.entries()) {
            names.computeIfAbsent(e.summary(), s -> new ArrayList<>()).add(e.name());
        }
        List<String> held = FamilyCutsTest.held();
        head(
                "Pre-tokenizers",
                "Names in a row are one cut. Linked is the name under which it is held to what a peer makes of 60"
                        + " texts.",
                "names",
                "what is cut");
        names.forEach((summary, all) -> row(
                all.stream()
                        .map(n -> held.contains(n) ? link("`" + n + "`", CUTS) : "`" + n + "`")
                        .collect(Collectors.joining(", ")),
                cell(summary)));
    }

    private void formats() {
        String load = "model/src/test/java/dev/jay/model/load/";
        head(
                "Weight formats and files",
                "An imatrix is read, in either of its two forms, and given to each row by "
                        + link("ImatrixTest", load + "ImatrixTest.java") + ".",
                "format",
                "read",
                "written by `jay quantize`",
                "`--imatrix` changes it");
        for (String format : WeightFormats.ALL.names()) {
            row(
                    format,
                    GgmlBytesTest.holds(format)
                            ? link("as ggml, byte for byte", GGML)
                            : link("yes", "tensor/src/test/java/dev/jay/tensor/format/WeightFormatLaws.java"),
                    QuantizerTest.formats().contains(format) ? link("yes", load + "QuantizerTest.java") : "",
                    GgmlBytesTest.usesImportance(format) ? link("as ggml, byte for byte", GGML) : "");
        }
    }
}
