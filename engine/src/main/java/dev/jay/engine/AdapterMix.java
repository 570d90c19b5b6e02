// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * Which of a model's adapters a request runs with, and how strongly: each adds scale times its product, in the order of
 * their ids. A value: mixes that do the same are equal. Keys and values are shared within one mix alone.
 *
 * @param parts by id; none twice, none of scale 0
 */
public record AdapterMix(List<Part> parts) {
    /** The model as it is. */
    public static final AdapterMix NONE = new AdapterMix(List.of());

    /** One of them. */
    public record Part(LoadedAdapter adapter, float scale) {}

    public AdapterMix {
        List<Part> sorted = new ArrayList<>(parts);
        sorted.removeIf(p -> p.scale == 0);
        sorted.sort((a, b) -> Integer.compare(a.adapter.id(), b.adapter.id()));
        int before = -1;
        for (Part p : sorted) {
            if (!Float.isFinite(p.scale)) {
                throw new IllegalArgumentException(
                        "adapters: scale=" + p.scale + " of id=" + p.adapter.id() + ", allowed: a finite number");
            }
            if (p.adapter.id() == before) {
                throw new IllegalArgumentException("adapters: id=" + before + " is named twice");
            }
            before = p.adapter.id();
        }
        parts = List.copyOf(sorted);
    }

    public static AdapterMix of(LoadedAdapter adapter, double scale) {
        return new AdapterMix(List.of(new Part(adapter, (float) scale)));
    }

    /** This and one more. */
    public AdapterMix and(LoadedAdapter adapter, double scale) {
        List<Part> more = new ArrayList<>(parts);
        more.add(new Part(adapter, (float) scale));
        return new AdapterMix(more);
    }

    /** 0 where it is not of them. */
    public float scaleOf(LoadedAdapter adapter) {
        for (Part p : parts) if (p.adapter.equals(adapter)) return p.scale;
        return 0;
    }

    /** Tells mixes apart that give other keys and values, in other processes too; empty for none, and without spaces. */
    String salt() {
        StringBuilder text = new StringBuilder();
        for (Part p : parts)
            text.append('+').append(p.adapter.digest()).append('*').append(Float.toHexString(p.scale));
        return text.toString();
    }
}
