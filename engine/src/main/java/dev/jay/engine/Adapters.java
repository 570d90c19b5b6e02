// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.Adapter;
import dev.jay.model.ModelSpec;
import dev.jay.model.block.LoraAdapter;
import dev.jay.model.load.AdapterSet;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The adapters that a model was opened with. Its lists are for any thread, {@link #of} for the engine's. */
final class Adapters {
    private final List<LoadedAdapter> list = new ArrayList<>();
    private final List<LoraAdapter> loras = new ArrayList<>();
    private AdapterMix asOpened = AdapterMix.NONE;

    /** One after the other. Equal where they are the same. */
    private record Several(List<Adapter> each) implements Adapter {
        @Override
        public void add(String site, int rows, MemorySegment x, MemorySegment y) {
            for (Adapter one : each) one.add(site, rows, x, y);
        }
    }

    private Adapters() {}

    /**
     * Reads them, into the books.
     *
     * @param rows  that a pass may have
     * @param owned closes them
     */
    static Adapters open(
            List<AdapterFile> files, ModelSpec spec, WeightSource source, Ops ops, int rows, Memory memory, Owned owned)
            throws IOException {
        Adapters all = new Adapters();
        if (!files.isEmpty() && spec.isEncoder()) {
            throw new IllegalArgumentException("adapters: none run beside an encoder: " + spec.architecture());
        }
        for (AdapterFile file : files) {
            AdapterSet set = owned.add(AdapterSet.read(memory, file.path(), spec, source), AdapterSet::close);
            all.loras.add(owned.add(new LoraAdapter(set, ops, rows, memory), LoraAdapter::close));
            int id = all.list.size();
            LoadedAdapter loaded =
                    new LoadedAdapter(id, file.name(), file.path().toString(), set.digest());
            all.list.add(loaded);
            all.asOpened = all.asOpened.and(loaded, file.scale());
        }
        return all;
    }

    List<LoadedAdapter> list() {
        return List.copyOf(list);
    }

    /** What was said when the model was opened. */
    AdapterMix asOpened() {
        return asOpened;
    }

    /** @throws IllegalArgumentException if one of the mix is not of these */
    void check(AdapterMix mix) {
        for (AdapterMix.Part p : mix.parts()) {
            if (!list.contains(p.adapter())) {
                throw new IllegalArgumentException("adapters: id=" + p.adapter().id() + ", name="
                        + p.adapter().name() + " is not of this model, which has " + list.size());
            }
        }
    }

    Adapter of(AdapterMix mix) {
        if (mix.parts().isEmpty()) return Adapter.NONE;
        List<Adapter> each = mix.parts().stream()
                .map(p -> loras.get(p.adapter().id()).at(p.scale()))
                .toList();
        return each.size() == 1 ? each.getFirst() : new Several(each);
    }
}
