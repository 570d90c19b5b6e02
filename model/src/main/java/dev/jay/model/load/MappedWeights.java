// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Weights that stay where the file's mapping has them. Borrows the source; its owner closes it. */
public final class MappedWeights implements Weights {
    private final WeightSource source;

    public MappedWeights(WeightSource source) {
        this.source = source;
    }

    /**
     * Fails, naming all that is wrong at once, unless every tensor is there and can be decoded.
     *
     * @throws MalformedModelException naming the missing tensors, or the types and their tensors
     */
    public void require(Collection<String> names) {
        List<String> missing = names.stream().filter(n -> !has(n)).toList();
        if (!missing.isEmpty()) throw lacks(missing);
        Map<String, List<String>> unreadable = names.stream()
                .map(source::find)
                .filter(e -> WeightFormats.byGgmlType(e.type()).isEmpty())
                .collect(Collectors.groupingBy(
                        WeightSource.Entry::typeName,
                        TreeMap::new,
                        Collectors.mapping(WeightSource.Entry::name, Collectors.toList())));
        if (!unreadable.isEmpty()) throw undecodable(unreadable);
    }

    /** A vector is one row; of a tensor with more than two dimensions all but the first count as rows. */
    @Override
    public Matrix matrix(int layer, String name) {
        WeightSource.Entry entry = source.find(name);
        if (entry == null) throw lacks(List.of(name));
        WeightFormat format = WeightFormats.byGgmlType(entry.type())
                .orElseThrow(() -> undecodable(Map.of(entry.typeName(), tensorsOf(entry.type()))));
        long cols = entry.dims().getFirst();
        long rows = entry.dims().stream().skip(1).reduce(1L, (a, b) -> a * b);
        if (cols > Integer.MAX_VALUE || rows > Integer.MAX_VALUE) {
            throw new MalformedModelException("tensor is too large: name=" + name + ", dims=" + entry.dims());
        }
        return new Tensor(entry.bytes(), format, (int) rows, (int) cols);
    }

    private List<String> tensorsOf(int type) {
        return source.entries().stream()
                .filter(e -> e.type() == type)
                .map(WeightSource.Entry::name)
                .toList();
    }

    private static MalformedModelException lacks(List<String> names) {
        return new MalformedModelException("model file lacks tensors: names=" + names);
    }

    private static MalformedModelException undecodable(Map<String, List<String>> byType) {
        return new MalformedModelException("model file has tensors of types that cannot be decoded: " + byType
                + ", supported=" + WeightFormats.ALL.names());
    }

    @Override
    public boolean has(String name) {
        return source.find(name) != null;
    }

    /** A step begins by holding {@link #ROOT}: then, and not for each layer, the file is checked. */
    @Override
    public void hold(int layer) {
        if (layer == ROOT) source.check();
    }

    @Override
    public void release(int layer) {}
}
