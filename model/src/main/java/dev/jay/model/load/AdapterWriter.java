// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes low-rank adapters, f32, as a GGUF file that llama.cpp reads and as a folder that PEFT reads. Each file appears
 * when it is complete.
 *
 * @param spec     of the model that they are for
 * @param halves   whether the model's rows come from safetensors though its family's GGUF has pairs side by side
 * @param alpha    what is added is alpha / rank times their product
 * @param adapters b without any scale
 */
public record AdapterWriter(ModelSpec spec, boolean halves, double alpha, Collection<AdapterSet.Pair> adapters) {
    private static final GgmlType F32 = new GgmlType(0, "F32", 1, 4);

    /** @param source that the adapters were trained beside */
    public static AdapterWriter of(
            ModelSpec spec, WeightSource source, double alpha, Collection<AdapterSet.Pair> adapters) {
        return new AdapterWriter(spec, source.metadata().flag(Safetensors.HALVES, false), alpha, adapters);
    }

    public void gguf(Path out, String name) throws IOException {
        GgufWriter writer = new GgufWriter()
                .put("general.type", "adapter")
                .put("general.architecture", spec.architecture())
                .put("general.name", name)
                .put("adapter.type", "lora")
                .put("adapter.lora.alpha", alpha);
        for (AdapterSet.Pair p : adapters) {
            List<Long> a = List.of((long) p.cols(), (long) p.rank());
            List<Long> b = List.of((long) p.rank(), (long) p.rows());
            writer.tensor(p.site() + ".weight.lora_a", a, F32, sink -> sink.write(bytes(p.a(), p.rank(), p.cols())));
            writer.tensor(p.site() + ".weight.lora_b", b, F32, sink -> sink.write(rows(p, halves, false)));
        }
        writer.write(out);
    }

    private static MemorySegment bytes(MemorySegment floats, int rows, int cols) {
        return floats.asSlice(0, 4L * rows * cols);
    }

    private MemorySegment rows(AdapterSet.Pair p, boolean reordered, boolean toHalves) {
        MemorySegment b = bytes(p.b(), p.rows(), p.rank());
        if (!reordered || !AdapterSet.isTurned(p.site())) return b;
        return AdapterSet.reordered(b, p.rows(), p.rank(), spec.headDim(), toHalves);
    }

    /** @param base what the configuration calls the model */
    public void peft(Path folder, String base) throws IOException {
        Files.createDirectories(folder);
        Map<String, MemorySegment> tensors = new LinkedHashMap<>();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        TreeSet<String> modules = new TreeSet<>();
        for (AdapterSet.Pair p : adapters) {
            boolean isGateToo = p.site().endsWith(".ffn_up") && p.rows() == 2 * spec.hidden();
            String module = PeftFiles.module(p.site(), isGateToo);
            String a = PeftFiles.tensor(p.site(), module, true);
            String b = PeftFiles.tensor(p.site(), module, false);
            tensors.put(a, bytes(p.a(), p.rank(), p.cols()));
            shapes.put(a, new long[] {p.rank(), p.cols()});
            tensors.put(b, rows(p, spec.rotary().interleaved(), true));
            shapes.put(b, new long[] {p.rows(), p.rank()});
            modules.add(module.substring(module.indexOf('.') + 1));
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("base_model_name_or_path", base);
        config.put("r", adapters.iterator().next().rank());
        config.put("lora_alpha", alpha);
        config.put("lora_dropout", 0.0);
        config.put("bias", "none");
        config.put("fan_in_fan_out", false);
        config.put("inference_mode", true);
        config.put("target_modules", List.copyOf(modules));
        byte[] json = JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(config);
        WholeFile.write(folder.resolve(PeftFiles.CONFIG), out -> writeFully(out, ByteBuffer.wrap(json)));
        WholeFile.write(folder.resolve(PeftFiles.WEIGHTS), out -> safetensors(out, tensors, shapes));
    }

    private static void safetensors(FileChannel out, Map<String, MemorySegment> tensors, Map<String, long[]> shapes)
            throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", Map.of("format", "pt"));
        long at = 0;
        for (Map.Entry<String, MemorySegment> e : tensors.entrySet()) {
            long end = at + e.getValue().byteSize();
            Map<String, Object> listed = new LinkedHashMap<>();
            listed.put("dtype", "F32");
            listed.put("shape", shapes.get(e.getKey()));
            listed.put("data_offsets", new long[] {at, end});
            header.put(e.getKey(), listed);
            at = end;
        }
        StringBuilder text = new StringBuilder(JsonMapper.shared().writeValueAsString(header));
        while (text.length() % 8 != 0) text.append(' '); // names are ASCII
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer length =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, json.length);
        writeFully(out, length);
        writeFully(out, ByteBuffer.wrap(json));
        for (MemorySegment s : tensors.values()) writeFully(out, s.asByteBuffer());
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) out.write(bytes);
    }
}
