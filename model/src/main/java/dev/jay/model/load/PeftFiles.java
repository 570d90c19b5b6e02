// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What PEFT's folder of an adapter holds: names of files and of tensors, and the numbers of its configuration. */
final class PeftFiles {
    static final String CONFIG = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";

    private static final String GATE_AND_UP = "mlp.gate_up_proj";
    private static final long LONGEST_CONFIG = 1 << 20;
    private static final Pattern TENSOR = Pattern.compile(
            "base_model\\.model\\.model\\.layers\\.(\\d{1,4})\\.([a-z_]+\\.[a-z_]+)\\.lora_([AB])\\.(?:default\\.)?weight");

    private PeftFiles() {}

    /** @param isGateToo whether the matrix up holds the gate's rows before its own */
    static String module(String site, boolean isGateToo) {
        return isGateToo ? GATE_AND_UP : AdapterSet.SITES.get(site.substring(site.lastIndexOf('.') + 1));
    }

    static String tensor(String site, String module, boolean isA) {
        return "base_model.model.model.layers." + site.split("\\.")[1] + "." + module
                + (isA ? ".lora_A.weight" : ".lora_B.weight");
    }

    /** The two tensors of each site, whatever their shapes. */
    static Map<String, WeightSource.Entry[]> pairs(WeightSource stored, Path path) {
        Map<String, String> names = new LinkedHashMap<>();
        AdapterSet.SITES.forEach((site, theirs) -> names.put(theirs, site));
        names.put(GATE_AND_UP, "ffn_up");
        Map<String, WeightSource.Entry[]> found = new LinkedHashMap<>();
        for (WeightSource.Entry e : stored.entries()) {
            Matcher m = TENSOR.matcher(e.name());
            if (!m.matches() || !names.containsKey(m.group(2))) {
                throw AdapterSet.wrong(
                        path,
                        "tensor " + MalformedModelException.shown(e.name())
                                + " is of no matrix that adapters may stand beside, which are " + names.keySet()
                                + ", not those of experts");
            }
            String site = "blk." + Integer.parseInt(m.group(1)) + "." + names.get(m.group(2));
            found.computeIfAbsent(site, _ -> new WeightSource.Entry[2])[
                    m.group(3).equals("A") ? 0 : 1] = e;
        }
        return found;
    }

    /** @param byRoot whether what is added is alpha by the root of the rank (rank-stabilised) */
    record Config(double alpha, boolean byRoot) {
        /** @throws MalformedModelException if it is no LoRA's, or of a kind that is not known */
        static Config read(Path file) throws IOException {
            if (!Files.isRegularFile(file)) throw AdapterSet.wrong(file, "it is missing beside the adapter's tensors");
            ObjectNode said = JsonText.object(file, LONGEST_CONFIG);
            String kind = said.path("peft_type").asString("");
            if (!kind.equals("LORA")) {
                throw AdapterSet.wrong(file, "peft_type=" + MalformedModelException.shown(kind) + ", wanted: LORA");
            }
            for (String key : new String[] {"use_dora", "fan_in_fan_out"}) {
                if (said.path(key).asBoolean(false)) throw AdapterSet.wrong(file, key + "=true is not supported");
            }
            if (!said.path("alpha_pattern").isMissingNode()
                    && !said.path("alpha_pattern").isEmpty()) {
                throw AdapterSet.wrong(file, "alpha_pattern is not supported");
            }
            JsonNode alpha = said.path("lora_alpha");
            if (!alpha.isNumber() || !(Math.abs(alpha.asDouble()) < 1e9)) {
                throw AdapterSet.wrong(
                        file, "lora_alpha=" + MalformedModelException.shown(alpha.toString()) + ", wanted: a number");
            }
            return new Config(alpha.asDouble(), said.path("use_rslora").asBoolean(false));
        }

        double scale(int rank) {
            return alpha / (byRoot ? Math.sqrt(rank) : rank);
        }
    }
}
