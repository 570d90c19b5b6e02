// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** Adapters for engines without a model. */
final class SomeAdapters {
    private static final LoadedAdapter A = new LoadedAdapter(0, "a", "a.gguf", "aaaa");
    private static final LoadedAdapter B = new LoadedAdapter(1, "b", "b.gguf", "bbbb");

    private SomeAdapters() {}

    /** Three in eight have some: one, the other way of it, or both. */
    static AdapterMix mix(int which) {
        return switch (which) {
            case 1 -> AdapterMix.of(A, 1);
            case 2 -> AdapterMix.of(A, 0.5);
            case 3 -> AdapterMix.of(B, 1).and(A, 1);
            default -> AdapterMix.NONE;
        };
    }
}
