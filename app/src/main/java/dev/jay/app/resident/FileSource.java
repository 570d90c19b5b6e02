// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Planning;
import dev.jay.engine.plan.Plan;
import dev.jay.model.arch.Architectures;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * A model file, or a folder of one.
 *
 * @param options how it is opened, but for the budget
 */
public record FileSource(String name, Path file, ModelOptions options) implements ModelSource {
    private static final long HEADER = 1 << 20; // beside what is mapped
    private static final long LOOK = 16 << 20; // what binding takes: kernels that find no room are passed over

    /** What a file is called where nobody names it. */
    public static String nameOf(Path file) {
        return String.valueOf(file.toAbsolutePath().normalize().getFileName()).replaceFirst("\\.(gguf|bin)$", "");
    }

    /** A model whose weights do not stay in memory even alone takes all there is: what stays of them is read once. */
    @Override
    public OptionalLong neededBytes(long free, long all) throws IOException {
        if (free < Math.min(LOOK, all / 3)) return OptionalLong.empty();
        try (Planning planning = Planning.open(file, within(free))) {
            Plan plan = planning.withMore(all - free);
            boolean whole = plan.fits() && plan.setup().streamed();
            return OptionalLong.of(whole ? all : plan.neededBytes());
        } catch (OutOfBudgetException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public Model open(long budgetBytes) throws IOException {
        return Model.open(file, within(budgetBytes));
    }

    private ModelOptions within(long bytes) {
        return bytes == Long.MAX_VALUE ? options : options.withBudgetBytes(bytes);
    }

    @Override
    public void close(Model model) {
        model.close();
    }

    @Override
    public ModelFacts facts() throws IOException {
        try (Memory memory = Memory.withBudget(HEADER);
                WeightSource source = ModelFiles.open(memory, file)) {
            return new ModelFacts(
                    Architectures.of(source.metadata()).spec(source.metadata()),
                    source.metadata(),
                    ModelFacts.bytes(source));
        }
    }

    @Override
    public Instant modified() {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            return Instant.EPOCH; // it is gone: opening it will say so
        }
    }
}
