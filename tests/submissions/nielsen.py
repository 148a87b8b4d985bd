import numpy as np

def backprop(x, y, weights1, biases1, weights2, biases2):
    # x: (n0, 1), y: (n2, 1), weights1: (n1, n0), biases1: (n1, 1), weights2: (n2, n1), biases2: (n2, 1)
    z1 = np.dot(weights1, x) + biases1
    a1 = sigmoid(z1)
    z2 = np.dot(weights2, a1) + biases2
    a2 = sigmoid(z2)
    cost = 0.5 * np.sum((a2 - y)**2)
    delta2 = (a2 - y) * sigmoid_prime(z2)
    nabla_b2 = delta2
    grad_weights2 = np.dot(delta2, a1.transpose())
    delta1 = np.dot(weights2.transpose(), delta2) * sigmoid_prime(z1)
    grad_biases1 = delta1
    grad_weights1 = np.dot(delta1, x.transpose())
    return grad_weights1, grad_weights2

def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))
