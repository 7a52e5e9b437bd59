"""Search as other projects document it. Run by ``eval.bench.rivals`` in an environment of its own; imports nothing of ours.

    python others.py SYSTEM SET.json MODEL OUT.json

SET.json holds ``posts`` (path, text) and ``questions``; OUT.json gets, for each question, the ten best as (path, start, end),
and what it cost. Every system is given the same model with the prefixes that it was trained with.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}

Post = dict[str, str]
Place = tuple[str, int, int]
Search = Callable[[str], list[Place]]

K = 10
QUERY, PASSAGE = "query: ", "passage: "


def langchain(posts: list[Post], model: str) -> Search:
    """The tutorial: recursive splitter of 1000 characters and 200 of overlap, FAISS."""
    store, _ = _langchain_store(posts, model)
    return lambda question: [_langchain_place(each) for each in store.similarity_search(question, K)]


def langchain_ensemble(posts: list[Post], model: str) -> Search:
    """The same beside BM25, joined by the ensemble retriever, half and half."""
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever

    store, pieces = _langchain_store(posts, model)
    words = BM25Retriever.from_documents(pieces, k=K)
    ensemble = EnsembleRetriever(
        retrievers=[words, store.as_retriever(search_kwargs={"k": K})], weights=[0.5, 0.5]
    )
    return lambda question: [_langchain_place(each) for each in ensemble.invoke(question)[:K]]


def _langchain_store(posts: list[Post], model: str) -> tuple[Any, Any]:
    from langchain_community.vectorstores import FAISS
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    pieces = splitter.split_documents(
        [Document(page_content=post["text"], metadata={"path": post["path"]}) for post in posts]
    )
    embeddings = HuggingFaceEmbeddings(
        model_name=model,
        encode_kwargs={"prompt": PASSAGE, "normalize_embeddings": True},
        query_encode_kwargs={"prompt": QUERY, "normalize_embeddings": True},
    )
    return FAISS.from_documents(pieces, embeddings), pieces


def _langchain_place(piece: Any) -> Place:  # noqa: ANN401
    start = piece.metadata["start_index"]
    return piece.metadata["path"], start, start + len(piece.page_content)


def llamaindex(posts: list[Post], model: str) -> Search:
    """Vectors and BM25, joined by reciprocal rank in the query fusion retriever, without made-up queries."""
    from llama_index.core import Document, StorageContext, VectorStoreIndex
    from llama_index.core.llms import MockLLM
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.retrievers.bm25 import BM25Retriever

    documents = [Document(text=post["text"], metadata={}, id_=post["path"]) for post in posts]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    embedding = HuggingFaceEmbedding(model_name=model, query_instruction=QUERY, text_instruction=PASSAGE)
    vectors = VectorStoreIndex(nodes, embed_model=embedding, storage_context=StorageContext.from_defaults())
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=K)
    fused = QueryFusionRetriever(
        [vectors.as_retriever(similarity_top_k=K), words],
        llm=MockLLM(),
        similarity_top_k=K,
        num_queries=1,
        mode="reciprocal_rerank",
        use_async=False,
    )
    return lambda question: [
        (each.node.ref_doc_id, each.node.start_char_idx, each.node.end_char_idx)
        for each in fused.retrieve(question)
    ]


def txtai(posts: list[Post], model: str) -> Search:
    """Its hybrid index of BM25 and vectors, one row a post."""
    from txtai import Embeddings

    embeddings = Embeddings(
        path=model,
        method="sentence-transformers",
        hybrid=True,
        content=False,
        instructions={"query": QUERY, "data": PASSAGE},
    )
    embeddings.index([(post["path"], post["text"], None) for post in posts])
    lengths = {post["path"]: len(post["text"]) for post in posts}
    return lambda question: [(path, 0, lengths[path]) for path, _ in embeddings.search(question, K)]


def haystack(posts: list[Post], model: str) -> Search:
    """Its hybrid pipeline: BM25 and embedding retrievers, joined by reciprocal rank fusion."""
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.retrievers import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    splitter = DocumentSplitter(split_by="word", split_length=512, split_overlap=32)
    pieces = splitter.run([Document(content=post["text"], meta={"path": post["path"]}) for post in posts])
    embedder = SentenceTransformersDocumentEmbedder(model=model, prefix=PASSAGE, progress_bar=False)
    embedder.warm_up()
    store.write_documents(embedder.run(pieces["documents"])["documents"])
    pipeline = Pipeline()
    pipeline.add_component(
        "text", SentenceTransformersTextEmbedder(model=model, prefix=QUERY, progress_bar=False)
    )
    pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=K))
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=K))
    pipeline.add_component("joined", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K))
    pipeline.connect("text", "vectors")
    pipeline.connect("vectors", "joined")
    pipeline.connect("words", "joined")

    def search(question: str) -> list[Place]:
        found = pipeline.run({"text": {"text": question}, "words": {"query": question}})["joined"]
        return [
            (
                each.meta["path"],
                each.meta["split_idx_start"],
                each.meta["split_idx_start"] + len(each.content),
            )
            for each in found["documents"]
        ]

    return search


SYSTEMS: dict[str, Callable[[list[Post], str], Search]] = {
    "LangChain": langchain,
    "LangChain ensemble": langchain_ensemble,
    "LlamaIndex": llamaindex,
    "txtai": txtai,
    "Haystack": haystack,
}


def main() -> None:
    """Index, search, and write what was found."""
    name, given, model, out = sys.argv[1:]
    content = json.loads(Path(given).read_text(encoding="utf-8"))
    SYSTEMS[name](content["posts"][:K], model)  # what is imported is not counted
    begun = time.perf_counter()
    search = SYSTEMS[name](content["posts"], model)
    indexing = time.perf_counter() - begun
    search(content["questions"][0])
    ranked, times = [], []
    for question in content["questions"]:
        begun = time.perf_counter()
        ranked.append(search(question))
        times.append((time.perf_counter() - begun) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(out).write_text(
        json.dumps({"ranked": ranked, "indexing": indexing, "times": times, "peak": peak}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
