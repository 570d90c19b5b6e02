// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.util.ArrayList;
import java.util.List;

/** The tokens that stand in front of a single text and behind it, as a tokenizer.json's post-processor says. */
record PostTemplate(List<Integer> before, List<Integer> behind) {
    private static final int MOST = 1024;
    private static final PostTemplate NONE = new PostTemplate(List.of(), List.of());

    static PostTemplate read(PipelinePart part, Vocabulary vocabulary) {
        return read(part, vocabulary, 0);
    }

    private static PostTemplate read(PipelinePart part, Vocabulary vocabulary, int depth) {
        if (part.isMissing()) return NONE;
        String type = part.text("type");
        return switch (type) {
            case "ByteLevel" -> NONE; // changes offsets only
            case "BertProcessing", "RobertaProcessing" ->
                new PostTemplate(List.of(pair(part, "cls", vocabulary)), List.of(pair(part, "sep", vocabulary)));
            case "TemplateProcessing" -> template(part, vocabulary);
            case "Sequence" -> {
                if (depth > 4) throw part.wrong("is nested too deep");
                PostTemplate all = NONE;
                for (PipelinePart one : part.get("processors").each()) {
                    all = all.within(read(one, vocabulary, depth + 1));
                }
                yield all;
            }
            default -> throw part.wrong("is of a type that is not supported: type=" + type);
        };
    }

    private PostTemplate within(PostTemplate outer) {
        List<Integer> front = new ArrayList<>(outer.before);
        front.addAll(before);
        List<Integer> back = new ArrayList<>(behind);
        back.addAll(outer.behind);
        return new PostTemplate(List.copyOf(front), List.copyOf(back));
    }

    /** What is written as a text and its id. */
    private static int pair(PipelinePart part, String name, Vocabulary vocabulary) {
        List<PipelinePart> pair = part.get(name).each();
        if (pair.size() != 2) throw part.wrong("has no pair of text and id under '" + name + "'");
        return id(pair.get(1), vocabulary);
    }

    private static int id(PipelinePart part, Vocabulary vocabulary) {
        if (!part.json().isInt() || part.json().intValue() < 0 || part.json().intValue() >= vocabulary.size()) {
            throw part.wrong("is no token's id, vocabulary=" + vocabulary.size());
        }
        return part.json().intValue();
    }

    private static PostTemplate template(PipelinePart part, Vocabulary vocabulary) {
        List<Integer> before = new ArrayList<>();
        List<Integer> behind = new ArrayList<>();
        List<Integer> at = before;
        for (PipelinePart one : part.get("single").each()) {
            if (one.json().has("Sequence")) {
                at = behind;
                continue;
            }
            String name = one.get("SpecialToken").text("id");
            PipelinePart token = part.get("special_tokens").get(name);
            for (PipelinePart id : token.get("ids").each()) at.add(id(id, vocabulary));
        }
        if (before.size() + behind.size() > MOST) throw part.wrong("puts more than " + MOST + " tokens around a text");
        return new PostTemplate(List.copyOf(before), List.copyOf(behind));
    }

    /** With BOS and EOS as the model's other files want them, where they say so. */
    PostTemplate with(Metadata metadata, SpecialIds ids) {
        return new PostTemplate(
                changed(before, ids.bos(), metadata, "tokenizer.ggml.add_bos_token", true),
                changed(behind, ids.eos(), metadata, "tokenizer.ggml.add_eos_token", false));
    }

    private static List<Integer> changed(List<Integer> tokens, int id, Metadata metadata, String key, boolean front) {
        if (id < 0 || !metadata.has(key)) return tokens;
        List<Integer> all = new ArrayList<>(tokens);
        int place = front ? 0 : all.size() - 1;
        boolean there = !all.isEmpty() && all.get(place) == id;
        if (metadata.flag(key, there) == there) return tokens;
        if (there) all.remove(place);
        else all.add(front ? 0 : all.size(), id);
        return List.copyOf(all);
    }
}
