"""The LangChain parts give what ``Assistant`` gives, alone and inside somebody else's chain."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from rag import Answer, Assistant, Filters
from rag.chain import ArticleRetriever, make_chain, make_text_chain

QUESTIONS = ["碳中和云峰会是哪天办的？", "第三场圆桌对话是谁主持的？"]


def same(first: Answer, second: Answer) -> bool:
    return (first.text, first.citations, first.asked) == (second.text, second.citations, second.asked)


def test_documents_carry_article_start_end_and_score(assistant: Assistant) -> None:
    documents = ArticleRetriever(assistant=assistant, k=3).invoke("碳普惠平台")
    hits = assistant.search("碳普惠平台", 3)
    assert len(documents) == 3
    for document, hit in zip(documents, hits, strict=True):
        assert document.page_content == hit.passage.text
        assert document.metadata["article"] == hit.passage.article.path
        assert (document.metadata["start"], document.metadata["end"]) == (hit.passage.start, hit.passage.end)
        assert document.metadata["score"] == hit.score


def test_a_retriever_keeps_its_filters(assistant: Assistant) -> None:
    retriever = ArticleRetriever(assistant=assistant, filters=Filters(outlets=("财联社",)))
    assert {document.metadata["outlet"] for document in retriever.invoke("峰会")} == {"财联社"}


def test_the_chain_answers_like_the_assistant(assistant: Assistant) -> None:
    chain = make_chain(assistant)
    expected = [assistant.ask(question) for question in QUESTIONS]
    assert same(chain.invoke(QUESTIONS[0]), expected[0])
    assert same(chain.invoke({"question": QUESTIONS[0]}), expected[0])
    assert all(map(same, chain.batch([*QUESTIONS]), expected))
    assert all(same(answer, expected[0]) for answer in chain.stream(QUESTIONS[0]))
    with ThreadPoolExecutor(1) as pool:  # the browser of other tests keeps a loop running in this thread
        assert same(pool.submit(asyncio.run, chain.ainvoke(QUESTIONS[1])).result(), expected[1])


def test_the_chain_takes_langchain_messages_as_history(assistant: Assistant) -> None:
    history = [HumanMessage("第一场圆桌对话是谁主持的？"), AIMessage("盛雪锋。[1]")]
    answer = make_chain(assistant).invoke({"question": "那第二场呢？", "history": history})
    assert answer.asked != answer.question
    assert "第二场" in answer.text


def test_the_text_chain_streams_the_answer(assistant: Assistant) -> None:
    pieces = list(make_text_chain(assistant).stream("财联社云峰会和瓯江峰会分别是哪天开的？"))
    assert len(pieces) > 1
    assert "".join(pieces) == assistant.ask("财联社云峰会和瓯江峰会分别是哪天开的？").text


def test_the_retriever_serves_in_a_chain_of_somebody_else(assistant: Assistant) -> None:
    prompt = ChatPromptTemplate.from_template("资料：{passages}\n问题：{question}")
    speak: RunnableLambda[PromptValue, AIMessage] = RunnableLambda(lambda value: AIMessage(value.to_string()))
    retriever = ArticleRetriever(assistant=assistant, k=1)
    join = RunnableLambda(lambda documents: documents[0].page_content)
    chain = (
        {"passages": retriever | join, "question": RunnablePassthrough()} | prompt | speak | StrOutputParser()
    )
    said = chain.invoke("碳普惠平台")
    assert "碳普惠平台" in said
    assert assistant.search("碳普惠平台", 1)[0].passage.text in said
